"""What is checked before a training begins, and the presets of its settings."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from core.basics.errors import ConfigError
from core.data import catalog
from core.data.tasks import Task
from core.gans.config import CONFIGS, KIM, config_class
from core.gans.recipes import default_config
from core.runs import estimate
from core.runs.request import Request
from tests import drawn

MODEL = pytest.mark.parametrize("model", list(CONFIGS))
REGIME = pytest.mark.parametrize("regime", ["seen", "unseen", "one-class"])
ONE_CLASS = Task(regime="one-class", anomalies=0)


def with_losses(model: str, task: Task, on: dict[str, float], **changes: Any) -> Request:
    """A request in which these losses are on and no other."""
    config = config_class(model)()
    return Request(model, task, replace(config, **dict.fromkeys(config.loss_names, 0.0) | on | changes))


@pytest.mark.parametrize(
    ("model", "task", "loss", "changes"),
    [
        ("dcgan", ONE_CLASS, "l1", {"distorted": False}),
        ("dcgan", ONE_CLASS, "repair", {"distorted": False}),  # acts on normals: needs no anomaly
        ("traditional", ONE_CLASS, "repair", {"distorted": False}),
        ("dcgan", ONE_CLASS, "as_normal", {}),  # acts on distorted normals
        ("traditional", Task(anomalies=9), "as_normal", {"distorted": False}),
        ("dcgan", Task(anomalies=9), "adversarial_anomaly", {}),
    ],
)
def test_one_loss_that_acts_is_enough(model: str, task: Task, loss: str, changes: dict[str, Any]) -> None:
    plan = estimate.check(with_losses(model, task, {loss: 1.0}, **changes))
    assert (plan.normals, plan.anomalies, plan.steps) == (900, task.anomalies, 14)


@pytest.mark.parametrize(
    ("task", "on", "changes"),
    [
        (Task(anomalies=90), {}, {}),
        (ONE_CLASS, {"as_normal": 1.0}, {"distorted": False}),
        (ONE_CLASS, {"as_normal": 1.0, "negative_mse": 1.0, "anomaly_mse": 1.0}, {"distorted": False}),
        (Task(anomalies=90), {"repair": 1.0}, {"damaged": 0.0}),
        (Task(anomalies=90), {"repair": 1.0}, {"damaged": 0.2, "batch_size": 2}),  # 0.4 of an image is none
    ],
)
def test_losses_that_have_no_image_to_act_on_are_none(
    task: Task, on: dict[str, float], changes: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="switch on at least one"):
        estimate.check(with_losses("traditional", task, on, **changes))


@pytest.mark.parametrize(("batch_size", "least_steps", "steps"), [(901, 1, 1), (64, 1, 14), (64, 20, 20), (300, 2, 3)])
def test_an_epoch_of_a_small_set_has_its_least_number_of_steps(batch_size: int, least_steps: int, steps: int) -> None:
    config = config_class("dcgan")(batch_size=batch_size, least_steps=least_steps)
    assert estimate.check(Request("dcgan", Task(anomalies=90), config)).steps == steps


@MODEL
@REGIME
def test_the_presets_with_and_without_repair_are_the_defaults_of_the_two_objectives(model: str, regime: str) -> None:
    assert estimate.preset("as shipped", model, regime, 5400) == default_config(model, regime)
    original = estimate.preset("without repair", model, regime, 5400)
    assert original == default_config(model, regime, "original")
    assert (original.repair, original.as_normal, original.judge_all) == (0.0, 0.0, False)


@REGIME
def test_as_in_the_paper_are_kims_losses_and_weights_alone(regime: str) -> None:
    config: Any = estimate.preset("as in the paper", "dcgan", regime, 5400)
    weights = {name: getattr(config, name) for name in config.loss_names}
    assert weights == KIM | {"repair": 0.0, "unlike": 0.0, "as_normal": 0.0}
    assert list(KIM.values()) == [1.5, 1.5, 0.5, 0.5, 0.5, 1.0]
    assert (config.epochs, config.abc_scale, config.widths, config.judge_all) == (300, 1.0, (8, 16, 32, 64), False)


def test_the_paper_has_no_weights_for_the_traditional_gan() -> None:
    with pytest.raises(ConfigError, match="DCGAN only"):
        estimate.preset("as in the paper", "traditional", "seen", 5400)


@MODEL
def test_a_quick_look_differs_from_the_defaults_in_epochs_and_average_alone(model: str) -> None:
    quick, default = (asdict(estimate.preset(name, model, "seen", 5400)) for name in ("quick look", "as shipped"))
    assert {name for name in default if quick[name] != default[name]} == {"epochs", "ema_decay"}
    assert 2 <= quick["epochs"] < default["epochs"]


def test_an_unknown_preset_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'fast'.*quick look, as shipped, without repair, as in the paper"):
        estimate.preset("fast", "dcgan", "seen", 5400)


def test_a_step_with_another_objective_has_a_time_of_its_own() -> None:
    keys = {
        estimate.key(Request("dcgan", Task(), default_config("dcgan", "seen", objective)))
        for objective in ("repair", "original")
    }
    assert len(keys) == 2
    config = default_config("dcgan", "seen")
    heavier = replace(config, repair=7.0, epochs=3)
    assert estimate.key(Request("dcgan", Task(), heavier)) == estimate.key(Request("dcgan", Task(), config))


def test_what_was_measured_on_few_images_is_not_told_of_many(tmp_path: Path) -> None:
    def request(folder: str, images: int) -> Request:
        data = catalog.add(drawn.write(tmp_path / folder, 28, 1, images, 5)).description
        return Request("traditional", Task("disc", "one-class", 0, data=data), config_class("traditional")())

    few, many = request("few", 20), request("many", 200)
    estimate.remember(few, estimate.Speed(0.1, 0.2, 0.3))
    assert estimate.known(many) is None
    assert estimate.known(few) == estimate.known(request("more", 22)) == estimate.Speed(0.1, 0.2, 0.3)
