"""Every figure in the README is the one that was measured last."""

import re

import pytest

from core.basics.files import ROOT
from core.study import results

README = (ROOT / "README.md").read_text("utf-8")


def test_the_headline_figures_are_those_that_were_measured():
    rows = results.read()
    whole = ["seen", "t-shirt", "", 6003]  # few labels are another study
    seen = rows[(rows[["regime", "normal", "variant", "anomalies"]] == whole).all(axis=1)]
    for name, method in (
        ("traditional GAN", "traditional"),
        ("DCGAN", "dcgan"),
        ("supervised CNN", "supervised CNN"),
    ):
        own = seen[seen["method"] == method].sort_values("seed")
        (line,) = re.findall(rf"^\| {name} \|.*$", README, re.MULTILINE)
        _, _, first, interval, mean, *_ = line.split("|")
        assert float(first) == round(own["auroc"].iloc[0], 3)
        assert interval.strip() == f"{own['auroc_low'].iloc[0]:.3f}–{own['auroc_high'].iloc[0]:.3f}"
        assert float(mean.split("(")[0]) == round(own["auroc"].mean(), 3) and f"{len(own)} trainings" in mean


def test_it_says_where_misfit_does_not_run():
    assert "Windows is not supported" in README and "WSL" in README


def test_it_promises_no_order_of_imports():
    assert "From the ground up" not in README and "Imports run upward" not in README


def test_its_figures_of_speed_are_those_of_the_last_benchmark():
    measured = (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    part = README.split("\n## Speed\n")[1].split("\n## ")[0]
    figures = re.findall(r"\d+\.\d+|\d+(?= s)", part)
    assert len(figures) >= 7
    assert [figure for figure in figures if figure not in measured] == []


def test_it_can_be_read_in_ten_minutes():
    assert len(README.split()) <= 1500


def test_its_pictures_are_there_in_light_and_dark_and_small():
    paths = re.findall(r'(?:srcset|src)="(.*?)"', README)
    assert len(paths) >= 12
    for path in paths:
        assert (ROOT / path).is_file()
        assert (ROOT / re.sub("light|dark", lambda theme: {"light": "dark", "dark": "light"}[theme[0]], path)).is_file()
    drawn = set((ROOT / "docs" / "pictures").iterdir())
    assert drawn == {ROOT / path for path in paths}, "a picture is not shown"
    assert sum(path.stat().st_size for path in drawn) < 1_000_000


def test_its_links_lead_somewhere():
    headings = {
        re.sub("[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in README.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\((?!https?:)(.*?)\)", README):
        path, _, place = target.partition("#")
        assert (ROOT / path).exists()
        assert not place or path or place in headings


def test_the_container_gets_what_there_is():
    lines = (ROOT / "Containerfile").read_text("utf-8").splitlines()
    copied = {source for line in lines if line.startswith("COPY") for source in line.split()[1:-1]}
    assert copied >= {
        "core",
        "pages",
        "data",
        "checkpoints",
        ".streamlit",
        "streamlit_app.py",
        "results.csv",
        "defects.csv",
    }
    assert all((ROOT / source).exists() for source in copied)


def test_its_commands_are_real(capsys):
    """Every option of `python -m core` that the README uses is one that the command takes."""
    from core.__main__ import main

    commands = re.findall(r"python -m core ([a-z]+)([^`\n#]*)", README)
    assert {name for name, _ in commands} >= {"train", "evaluate", "score", "results", "fetch"}
    for name, rest in commands:
        with pytest.raises(SystemExit) as stopped:
            main([name, "--help"])
        assert stopped.value.code == 0
        helped = capsys.readouterr().out
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in helped
