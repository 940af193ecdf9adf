"""The goals, with figures reckoned by hand."""

import math

import pandas as pd
import pytest

from core.data.tasks import ANOMALIES
from core.study import figures, goals
from core.study.goals import Goal
from core.study.plan import LABELS
from tests.core.study.test_reporting import row


def found(rows: list[dict], beginning: str) -> Goal:
    return next(goal for goal in goals.goals(pd.DataFrame(rows), pd.DataFrame()) if goal.figure.startswith(beginning))


def test_a_figure_reaches_its_goal_as_it_is_shown():
    assert Goal("", 0.9896, 0.990).reached and not Goal("", 0.9894, 0.990).reached
    assert Goal("", 0.0754, 0.075, least=False).reached and not Goal("", 0.0756, 0.075, least=False).reached
    assert Goal("", 0.5, 0.9).cells[1:4] == ["0.500", "≥ 0.900", "open"]
    assert Goal("", 7.0, 10.0).cells[1:4] == ["7", "≥ 10", "open"]


def test_what_is_not_measured_is_neither_open_nor_reached():
    assert found([row("dcgan", 0.99)], "one-class, DCGAN").cells[1:4] == ["–", "≥ 0.940", "not measured yet"]


def test_the_better_gan_counts_whichever_it_is():
    rows = [
        row("dcgan", 0.96, regime="one-class", anomalies=0),
        row("traditional", 0.93, regime="one-class", anomalies=0),
    ]
    assert found(rows, "one-class, better").measured == pytest.approx(0.96)
    assert found(rows[:1], "one-class, better").measured == pytest.approx(0.96)
    assert found(rows[1:], "one-class, better").measured == pytest.approx(0.93)


def test_classes_on_which_neighbours_are_better_are_named():
    rows = [
        row(method, area, normal, regime="one-class", anomalies=0)
        for method, areas in (("kNN", (0.9, 0.95)), ("dcgan", (0.8, 0.94)), ("traditional", (0.91, 0.9)))
        for normal, area in zip(("bag", "dress"), areas, strict=True)
    ]
    goal = found(rows, "one-class, classes")
    assert goal.measured == 1 and goal.anchor.endswith("better than both GANs on Dress")


def test_no_number_of_labels_may_do_worse_than_none_and_all_are_measured():
    none = row("traditional", 0.95, regime="one-class", anomalies=0)
    seen = [row("traditional", 0.96, anomalies=count) for count in (*LABELS, ANOMALIES)]
    unseen = [
        row("traditional", 0.97, regime="unseen", left_out=name, anomalies=count)
        for count in (*LABELS, ANOMALIES)
        for name in figures.CLASSES[1:]
    ]
    assert found([none, *seen, *unseen], "any number").reached
    assert found([none, *seen, *unseen], "any number").measured == pytest.approx(0.96)
    assert not found([none, *seen[:-1], row("traditional", 0.94), *unseen], "any number").reached
    assert math.isnan(found([none, *seen, *unseen[:-9]], "any number").measured)
    assert found([none, *seen], "seen, 10 ").measured == pytest.approx(0.96)


def test_the_share_of_the_ceiling_is_of_means_over_the_same_classes():
    rows = [row("dcgan", 0.97, name) for name in figures.CLASSES] + [
        row("supervised CNN", 1.0, name) for name in figures.CLASSES
    ]
    assert found(rows, "seen, DCGAN, share").measured == pytest.approx(0.97)


def test_a_ceiling_over_fewer_classes_is_not_given():
    rows = [row("dcgan", 0.95, regime="unseen", left_out=name) for name in figures.CLASSES[1:]]
    ceiling = [row("supervised CNN", 0.96, regime="unseen", left_out=name) for name in figures.CLASSES[1:]]
    assert found([*rows, *ceiling], "unseen, T-shirt/top, DCGAN").anchor.endswith("eight classes 0.960")
    assert found([*rows, *ceiling[:-1]], "unseen, T-shirt/top, DCGAN").anchor.endswith("eight classes –")
