"""Models of photographs: bricks as good ones, scratched bricks in the test, with masks; trained for a moment."""

import dataclasses
import json

import numpy as np
import pytest
from msgspec.structs import replace

from core.basics.files import sha256
from core.data import catalog
from core.metrics import evaluation
from core.metrics.own import Area, Baseline, Own, ahead
from core.store import checkpoints, own, own_text, saving
from core.store.checkpoints import CARD, SCORES
from tests import drawn, photographs
from tests.core.store.edits import edit, refused
from tests.pages.own import kept_wall, trained


@pytest.fixture
def walls(tmp_path):
    """Keeps a data set of photos and trains on it: walls(bad=True) → the checkpoint."""

    def make(bad: bool = True):
        kept_wall(tmp_path, bad)
        name = trained("wall", normal="good", regime="one-class", anomalies=0)
        return checkpoints.load(checkpoints.RUNS / name / "checkpoint")

    return make


def test_a_card_has_the_figures_of_marks_synthetic_defects_and_simple_methods(walls) -> None:
    known = walls().card.own
    assert known is not None and known.synthetic is not None
    assert known.marks is not None and known.marks.images == 12
    assert known.synthetic.photos == 12 and set(known.synthetic.kinds) == set(own.photo_damage.KINDS)
    assert set(known.baselines) == {"isolation forest", "PCA residual", "kNN"} and known.sampled == 24
    assert not any(each.pretrained for each in known.baselines.values())
    assert all(each.test and each.synthetic for each in known.baselines.values())


def test_the_figures_are_those_of_the_stored_scores(walls) -> None:
    checkpoint = walls()
    scores, test = checkpoint.scores, checkpoint.test_images()
    made = own.specimens(checkpoint.task, test)
    good = scores.test[test.labels == 0]
    synthetic = checkpoint.card.own.synthetic
    assert len(scores.synthetic) == len(made.images) == sum(kind.images for kind in synthetic.kinds.values())
    assert synthetic.area.auroc == evaluation.auroc(good, scores.synthetic)
    at = made.places["scratch"]
    assert synthetic.kinds["scratch"].auroc == evaluation.auroc(good, scores.synthetic[at])
    from core.gans import scoring

    again = scoring.score(checkpoint.generator(), made.images[at])
    assert scores.synthetic[at] == pytest.approx(again)


def test_specimens_are_damaged_copies_of_good_test_photos(walls) -> None:
    checkpoint = walls()
    test = checkpoint.test_images()
    made = own.specimens(checkpoint.task, test)
    assert (test.labels[made.of] == 0).all()
    outside = ~made.masks
    changed = np.abs(made.images.astype(int) - test.images[made.of]).max(-1)
    assert changed[made.masks].mean() > 5 * changed[outside].mean()
    assert own.specimens(checkpoint.task, test).images.tobytes() == made.images.tobytes()


def test_without_bad_photos_synthetic_defects_alone_give_figures(walls) -> None:
    card = walls(bad=False).card
    assert card.test.auroc is None and card.own.marks is None
    assert card.own.synthetic.area.low < card.own.synthetic.area.auroc < card.own.synthetic.area.high
    assert all(each.test is None and each.synthetic for each in card.own.baselines.values())
    assert walls_point(card) == "fpr_5"


def walls_point(card) -> str:
    return checkpoints.Checkpoint(checkpoints.RUNS, card).point


def test_what_is_measured_chooses_nothing(walls, monkeypatch) -> None:
    with_it = walls().card
    monkeypatch.setattr(own, "measure", lambda *_: (None, np.empty(0, np.float32)))
    without = checkpoints.load(
        checkpoints.RUNS / trained("wall", normal="good", regime="one-class", anomalies=0) / "checkpoint"
    ).card
    assert without.own is None and with_it.own is not None
    assert (without.thresholds, without.scoring, without.test) == (with_it.thresholds, with_it.scoring, with_it.test)
    assert without.weights_sha256 == with_it.weights_sha256


def test_fashion_mnist_has_its_sweep_instead(saved) -> None:
    folder = saved()
    assert checkpoints.load(folder).card.own is None
    assert not len(checkpoints.load(folder).scores.synthetic)


def test_a_card_without_the_figures_is_read_and_has_none(walls) -> None:
    checkpoint = walls()
    plain = dataclasses.replace(checkpoint.scores, synthetic=np.empty(0, np.float32))
    (checkpoint.folder / SCORES).write_bytes(saving.pack_scores(plain))
    digest = sha256((checkpoint.folder / SCORES).read_bytes())
    values = json.loads((checkpoint.folder / CARD).read_text())
    del values["own"]
    (checkpoint.folder / CARD).write_text(json.dumps(values | {"scores_sha256": digest}))
    again = checkpoints.load(checkpoint.folder)
    assert again.card.own is None and len(again.scores.test) == 24


def test_an_unknown_key_is_an_error(walls) -> None:
    folder = walls().folder
    known = json.loads((folder / CARD).read_text())["own"]
    known["synthetic"]["best"] = 1.0
    edit(folder, own=known)
    refused(folder, "best")


def test_scores_of_another_number_than_the_card_names_are_refused(walls) -> None:
    folder = walls().folder
    known = json.loads((folder / CARD).read_text())["own"]
    known["synthetic"]["kinds"]["blur"]["images"] = 1
    edit(folder, own=known)
    refused(folder, "scores of synthetic defects; its card names")


def test_methods_ahead_of_the_model_are_named_best_first() -> None:
    def method(auroc: float, synthetic: float) -> Baseline:
        return Baseline(Area(auroc, 0.1, 1.0), Area(synthetic, 0.1, 1.0))

    known = Own(baselines={"kNN": method(0.8, 0.5), "PCA residual": method(0.9, 0.5), "forest": method(0.6, 0.5)})
    assert ahead(known, 0.7, "test") == [("PCA residual", 0.9), ("kNN", 0.8)]
    assert ahead(known, 0.95, "test") == [] and ahead(known, 0.5, "synthetic") == []
    assert len(ahead(known, 0.4, "synthetic")) == 3


def test_large_photos_are_reduced_for_methods_on_pixels() -> None:
    photos = photographs.many(3, 128)
    assert own._reduced(photos)[0, 0, 0] == pytest.approx(photos[0, :2, :2].mean((0, 1)), abs=1)
    assert own._reduced(photographs.many(2, 96)).shape == (2, 64, 64, 3)
    assert own._reduced(photos[:, ::4, ::4]).shape[1] == 32


def test_what_the_figures_say_in_words(walls) -> None:
    card = walls().card
    test, own_figures = card.test, card.own
    few = f"rests on 12 good and 12 bad photos. These are few: a single bad photo moves it by up to {1 / 12:.3f}"
    assert few in own_text.rests_on(card)
    assert f"AUROC {own_figures.synthetic.area.auroc:.3f}" in own_text.synthetic(card)
    weak = replace(card, test=replace(test, auroc=0.0, auroc_low=0.0, auroc_high=0.1))
    said = own_text.better(weak)
    assert "are better than the Traditional GAN (0.000)" in said and "kNN on pixels" in said
    strong = replace(card, test=replace(test, auroc=1.0, auroc_low=0.9, auroc_high=1.0))
    assert own_text.better(strong).startswith("On the test's anomalies no simple method is better")
    seen = replace(
        weak, own=replace(own_figures, baselines={"x": replace(own_figures.baselines["kNN"], pretrained=True)})
    )
    assert "learnt from millions of other pictures" in own_text.better(seen)
    assert own_text.better(replace(card, own=None)) == "" == own_text.synthetic(replace(card, own=None))


def test_data_that_is_no_photos_gets_simple_methods_alone(tmp_path) -> None:
    catalog.add(drawn.write(tmp_path / "shapes", 28, 1))
    name = trained("shapes", normal="disc", anomalies=90)
    card = checkpoints.load(checkpoints.RUNS / name / "checkpoint").card
    assert card.own.synthetic is None and card.own.marks is None
    assert all(each.test and each.synthetic is None for each in card.own.baselines.values())
