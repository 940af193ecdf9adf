import json
import math

import msgspec
import pytest

from core.basics.errors import ConfigError, DataError
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans.build import build
from core.gans.config import CONFIGS, KIM, DCGANConfig, TraditionalConfig, TrainingConfig, config_class
from core.gans.recipes import default_config
from core.gans.record import recorded

CASES = [
    ("traditional", TraditionalConfig()),
    ("traditional", TraditionalConfig(hidden=(32, 16), z=3, learning_rate=0.01, flip=False, shift=0)),
    ("dcgan", DCGANConfig()),
    ("dcgan", DCGANConfig(widths=(4, 8, 16, 32), patch=8, patch_stride=4, patch_worst=49, abc=0.0)),
]


def as_json(struct: msgspec.Struct) -> dict:
    """What a card holds of it."""
    return json.loads(json.dumps(msgspec.to_builtins(struct)))


@pytest.mark.parametrize(("model", "config"), CASES)
def test_a_config_comes_back_from_json_as_it_was(model: str, config) -> None:
    assert recorded(model, as_json(config)) == config


@pytest.mark.parametrize("task", [Task(), Task(normal="bag", regime="unseen", anomalies=80, left_out="shirt")])
def test_a_task_comes_back_from_json_as_it_was(task: Task) -> None:
    assert msgspec.convert(as_json(task), Task) == task


def test_a_task_that_names_no_data_set_is_of_fashion_mnist() -> None:
    values = as_json(Task("bag"))
    del values["data"]
    assert msgspec.convert(values, Task) == Task("bag", data=FASHION_MNIST.description)


def test_what_json_leaves_out_has_its_default() -> None:
    since = {"enough_labels": 2000, "abc_scale": 8.0, "repair": 2.0, "as_normal": 1.0, "judge_all": True}
    assert recorded("dcgan", {"epochs": 2} | since) == DCGANConfig(epochs=2)


@pytest.mark.parametrize(
    ("model", "name", "then"),
    [
        ("dcgan", "abc_scale", 1.0),
        ("dcgan", "enough_labels", 1),
        ("traditional", "negative_mse", 0.0),
        ("traditional", "enough_labels", 1),
        *[(model, name, 0.0) for model in CONFIGS for name in ("repair", "as_normal")],
        *[(model, "judge_all", False) for model in CONFIGS],
    ],
)
def test_a_record_older_than_a_setting_says_how_it_was_trained(model: str, name: str, then: float) -> None:
    values = as_json(config_class(model)())
    del values[name]
    assert getattr(recorded(model, values), name) == then != getattr(config_class(model)(), name)


def test_a_record_from_when_the_side_was_a_setting_is_read() -> None:
    assert recorded("traditional", as_json(TraditionalConfig()) | {"size": 28}) == TraditionalConfig()
    assert recorded("dcgan", as_json(DCGANConfig()) | {"size": 32}) == DCGANConfig()


def test_a_config_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        TraditionalConfig().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize("model", CONFIGS)
def test_every_loss_name_is_a_weight_of_the_config(model: str) -> None:
    config = config_class(model)()
    assert set(config.loss_names) <= set(config.__struct_fields__)
    off = {"traditional": ["unlike", "anomaly_mse", "adversarial_anomaly"], "dcgan": ["unlike", "adversarial_anomaly"]}
    assert [name for name in config.loss_names if not getattr(config, name) > 0] == off[model]  # by default


def test_the_dcgan_has_the_six_losses_of_the_paper_and_three_that_repair() -> None:
    assert set(KIM) == {"l1", "patch_l1", "latent", "adversarial_normal", "abc", "adversarial_anomaly"}
    assert set(DCGANConfig().loss_names) == {*KIM, "repair", "unlike", "as_normal"}


@pytest.mark.parametrize("regime", ["seen", "unseen", "one-class"])
@pytest.mark.parametrize(
    ("model", "losses"),
    [("dcgan", set(KIM)), ("traditional", {"mse", "adversarial_normal", "negative_mse", "adversarial_anomaly"})],
)
def test_the_original_objective_has_the_losses_of_the_paper_or_the_deck_alone(
    model: str, losses: set[str], regime: str
) -> None:
    config = default_config(model, regime, "original")
    assert {name for name in config.loss_names if getattr(config, name)} == losses
    assert not config.judge_all and config.undamaged == config.batch_size
    assert default_config(model, regime).repair > 0  # the default


def test_an_unknown_objective_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'mend'.*repair, original"):
        default_config("dcgan", "seen", "mend")


def test_a_model_without_repair_losses_is_trained_on_whole_images() -> None:
    config = TrainingConfig()
    assert (config.repair, config.as_normal, config.judge_all) == (0.0, 0.0, False)
    assert config.undamaged == config.batch_size


def test_an_unknown_model_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"vae.*traditional, dcgan"):
        config_class("vae")


@pytest.mark.parametrize("model", CONFIGS)
def test_an_unknown_setting_is_an_error_that_names_it(model: str) -> None:
    with pytest.raises(ConfigError, match=f"settings of the {model} model.*`epoch`"):
        recorded(model, {"epoch": 3})


def test_an_unknown_part_of_a_task_is_an_error_that_names_it() -> None:
    with pytest.raises(msgspec.ValidationError, match="`epoch`"):
        msgspec.convert({"epoch": 3}, Task)


@pytest.mark.parametrize("values", [None, [], "epochs", 3])
def test_only_an_object_is_a_config(values: object) -> None:
    with pytest.raises(ConfigError, match="Expected `object`"):
        recorded("dcgan", values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 2.5),
        ("epochs", True),
        ("epochs", "2"),
        ("epochs", None),
        ("learning_rate", "0.1"),
        ("learning_rate", True),
        ("learning_rate", None),
        ("flip", 1),
        ("widths", 8),
        ("widths", [8, 16, 32, 64.5]),
        ("widths", [8, 16, 32, True]),
        ("widths", "8888"),
    ],
)
def test_a_setting_of_the_wrong_type_is_an_error_that_names_it(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"Expected `.*`, got `.*at `\$\.{name}"):
        recorded("dcgan", {name: value})


def test_a_whole_number_may_stand_for_a_float_and_becomes_one() -> None:
    config = recorded("dcgan", {"abc": 2})
    assert config.abc == 2.0
    assert isinstance(config.abc, float)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (DCGANConfig, "epochs", 0),
        (DCGANConfig, "epochs", 10_001),
        pytest.param(DCGANConfig, "epochs", 10**400, id="epochs beyond every float"),
        (DCGANConfig, "batch_size", 1),
        (DCGANConfig, "learning_rate", 0.0),
        (DCGANConfig, "learning_rate", -1e-3),
        (DCGANConfig, "learning_rate", math.nan),
        (DCGANConfig, "learning_rate", math.inf),
        (DCGANConfig, "beta1", 1.0),
        (DCGANConfig, "ema_decay", 1.0),
        (DCGANConfig, "clip_norm", 0.0),
        (DCGANConfig, "shift", 17),
        (DCGANConfig, "turn", 181),
        (DCGANConfig, "light", 0.6),
        (DCGANConfig, "faint", 1.01),
        (DCGANConfig, "least_steps", 0),
        (DCGANConfig, "skips", 4),
        (DCGANConfig, "widths", (8,) * 7),
        (DCGANConfig, "discriminator_widths", (8,) * 5),
        (DCGANConfig, "shift", -1),
        (DCGANConfig, "enough_labels", 0),
        (DCGANConfig, "damaged", 1.01),
        (DCGANConfig, "damaged", -0.1),
        (TraditionalConfig, "damaged", math.nan),
        (TraditionalConfig, "repair", -1.0),
        (DCGANConfig, "as_normal", 1001.0),
        (DCGANConfig, "widths", (8, 16, 32)),
        (DCGANConfig, "widths", (8, 16, 32, 0)),
        (DCGANConfig, "patch", 129),
        (DCGANConfig, "abc", -0.5),
        (DCGANConfig, "abc_scale", 0.0),
        (TraditionalConfig, "z", 0),
        (TraditionalConfig, "hidden", ()),
        (TraditionalConfig, "hidden", (64, -1)),
        (TraditionalConfig, "mse", math.nan),
    ],
)
def test_a_value_out_of_range_is_an_error_that_names_it(kind: type, name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is"):
        kind(**{name: value})


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("epochs", 10**400), ("learning_rate", math.nan)])
def test_a_record_with_a_value_out_of_range_is_an_error_that_names_it(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name) as error:
        recorded("dcgan", {name: value})
    assert "\n" not in str(error.value) and len(str(error.value)) < 250


@pytest.mark.parametrize("changes", [{"patch": 33}, {"patch_worst": 10}])  # patch 16 and stride 8 on 32×32 make nine
def test_settings_that_do_not_fit_the_images_are_an_error_that_names_them(changes: dict) -> None:
    with pytest.raises(ConfigError, match=r"^patch_worst is \d+; images of 32×32 pixels have \d patches"):
        build("dcgan", DCGANConfig(**changes), FASHION_MNIST.description)


def test_an_unknown_class_in_a_recorded_task_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"'hat'.*t-shirt trouser"):
        msgspec.convert({"normal": "hat"}, Task)
