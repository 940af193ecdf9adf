import dataclasses
import json

import pytest

from core.basics.errors import ConfigError
from core.data.tasks import Task
from core.gans.config import CONFIGS, DCGANConfig, TraditionalConfig, config_class, from_json, recorded, to_json

OBJECTS = [
    TraditionalConfig(),
    TraditionalConfig(hidden=(32, 16), z=3, learning_rate=0.01, flip=False, shift=0),
    DCGANConfig(),
    DCGANConfig(widths=(4, 8, 16, 32), patch=8, patch_stride=4, patch_worst=49, abc=0.0),
    Task(),
    Task(normal="bag", regime="unseen", anomalies=80, left_out="shirt"),
]


@pytest.mark.parametrize("config", OBJECTS, ids=lambda config: type(config).__name__)
def test_a_config_comes_back_from_json_as_it_was(config: object) -> None:
    text = json.dumps(to_json(config))
    assert from_json(type(config), json.loads(text)) == config


def test_what_json_leaves_out_has_its_default() -> None:
    assert from_json(DCGANConfig, {"epochs": 2}) == DCGANConfig(epochs=2)


@pytest.mark.parametrize(
    ("model", "name", "then"),
    [
        ("dcgan", "abc_scale", 1.0),
        ("dcgan", "enough_labels", 1),
        ("traditional", "negative_mse", 0.0),
        ("traditional", "enough_labels", 1),
    ],
)
def test_a_record_older_than_a_setting_says_how_it_was_trained(model: str, name: str, then: float) -> None:
    values = to_json(config_class(model)())
    assert recorded(model, values) == config_class(model)()
    del values[name]
    assert getattr(recorded(model, values), name) == then != getattr(config_class(model)(), name)


def test_a_config_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TraditionalConfig().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize("model", CONFIGS)
def test_every_loss_name_is_a_weight_of_the_config(model: str) -> None:
    config = config_class(model)()
    assert set(config.loss_names) <= {field.name for field in dataclasses.fields(config)}
    off = {"traditional": ["anomaly_mse"]}  # an alternative to another loss
    assert [name for name in config.loss_names if not getattr(config, name) > 0] == off.get(model, [])


def test_the_dcgan_has_the_six_losses_of_the_paper() -> None:
    assert DCGANConfig().loss_names == (
        "l1",
        "patch_l1",
        "latent",
        "adversarial_normal",
        "abc",
        "adversarial_anomaly",
    )


def test_an_unknown_model_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"vae.*traditional, dcgan"):
        config_class("vae")


@pytest.mark.parametrize("kind", [TraditionalConfig, DCGANConfig, Task])
def test_an_unknown_key_is_an_error_that_names_it(kind: type) -> None:
    with pytest.raises(ConfigError, match="'epoch'"):
        from_json(kind, {"epoch": 3})


@pytest.mark.parametrize("values", [None, [], "epochs", 3])
def test_only_an_object_is_a_config(values: object) -> None:
    with pytest.raises(ConfigError, match="must be a JSON object"):
        from_json(DCGANConfig, values)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (DCGANConfig, "epochs", 2.0),
        (DCGANConfig, "epochs", True),
        (DCGANConfig, "epochs", "2"),
        (DCGANConfig, "epochs", None),
        (DCGANConfig, "learning_rate", "0.1"),
        (DCGANConfig, "learning_rate", True),
        (DCGANConfig, "learning_rate", None),
        (DCGANConfig, "flip", 1),
        (DCGANConfig, "widths", 8),
        (DCGANConfig, "widths", [8, 16, 32, 64.0]),
        (DCGANConfig, "widths", [8, 16, 32, True]),
        (DCGANConfig, "widths", "8888"),
        (Task, "normal", 0),
        (Task, "normal", ["t-shirt"]),
        (Task, "left_out", 6),
        (Task, "anomalies", 90.0),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error_that_names_it(kind: type, name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is"):
        from_json(kind, {name: value})


def test_a_whole_number_may_stand_for_a_float_and_becomes_one() -> None:
    found = from_json(DCGANConfig, {"abc": 2})
    assert found.abc == 2.0
    assert isinstance(found.abc, float)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (DCGANConfig, "epochs", 0),
        (DCGANConfig, "epochs", 10_001),
        pytest.param(DCGANConfig, "epochs", 10**400, id="epochs beyond every float"),
        (DCGANConfig, "batch_size", 1),
        (DCGANConfig, "learning_rate", 0.0),
        (DCGANConfig, "learning_rate", -1e-3),
        (DCGANConfig, "learning_rate", float("nan")),
        (DCGANConfig, "learning_rate", float("inf")),
        pytest.param(DCGANConfig, "learning_rate", 10**400, id="learning_rate beyond every float"),
        (DCGANConfig, "beta1", 1.0),
        (DCGANConfig, "ema_decay", 1.0),
        (DCGANConfig, "clip_norm", 0.0),
        (DCGANConfig, "shift", 5),
        (DCGANConfig, "shift", -1),
        (DCGANConfig, "size", 28),
        (DCGANConfig, "widths", [8, 16, 32]),
        (DCGANConfig, "widths", [8, 16, 32, 0]),
        (DCGANConfig, "patch", 33),
        (DCGANConfig, "patch_worst", 10),  # patch 16 and stride 8 on 32×32 make nine
        (DCGANConfig, "abc", -0.5),
        (DCGANConfig, "abc_scale", 0.0),
        (TraditionalConfig, "size", 32),
        (TraditionalConfig, "z", 0),
        (TraditionalConfig, "hidden", []),
        (TraditionalConfig, "hidden", [64, -1]),
        (TraditionalConfig, "mse", float("nan")),
    ],
)
def test_a_value_out_of_range_is_an_error_that_names_it(kind: type, name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is"):
        from_json(kind, {name: value})
