"""The default settings for photos and other data than Fashion-MNIST."""

import msgspec
import pytest

from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from core.gans.build import build, outline
from core.gans.config import CONFIGS
from core.gans.recipes import STEPS, default_config

MODEL = pytest.mark.parametrize("model", CONFIGS)


def photos(side: int = 64, channels: int = 3) -> Description:
    return Description("apples", "Apples", ("good",), ("Good",), side, channels, "photo", True, "edge")


@MODEL
@pytest.mark.parametrize("regime", ["seen", "one-class"])
def test_nothing_is_set_otherwise_for_fashion_mnist(model: str, regime: str) -> None:
    config = default_config(model, regime, data=FASHION_MNIST.description, normals=30)
    assert config == default_config(model, regime)
    off = (config.least_steps, config.quarter, config.turn, config.light, config.faint, config.unlike)
    assert off == (1, False, 0, 0.0, 0.0, 0.0)


@MODEL
@pytest.mark.parametrize("normals", [10, 20, 100, 500])
def test_few_photos_are_trained_on_as_long_as_many(model: str, normals: int) -> None:
    config = default_config(model, "one-class", data=photos(), normals=normals).fitted(normals)
    assert config.epochs * config.steps(normals) >= STEPS
    assert config.batch_size <= normals


@MODEL
def test_many_photos_are_passed_over_a_few_times(model: str) -> None:
    config = default_config(model, "one-class", data=photos(), normals=20_000)
    assert 2 <= config.epochs < default_config(model, "one-class", data=photos(), normals=100).epochs


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [28, 32, 64, 96, 128])
def test_the_default_networks_fit_photos_of_every_side(side: int, channels: int) -> None:
    for model in CONFIGS:
        config = default_config(model, "one-class", data=photos(side, channels), normals=100)
        gan = outline(model, config, photos(side, channels))
        weights = sum(value.numel() for value in gan.generator.parameters())
        assert weights < 2**25  # in half precision a checkpoint stays below its limit
    deepest = gan.generator.side // 2 ** len(gan.generator.down)  # the DCGAN, the last one
    assert deepest <= 4 and gan.generator.side - side < 8


def test_a_skip_that_is_left_out_gives_nothing_to_the_outermost_layer() -> None:
    config = default_config("dcgan", "one-class", data=photos(), normals=100)
    for skips in range(len(config.widths)):
        generator = build("dcgan", msgspec.structs.replace(config, skips=skips), photos()).generator
        inner = [layer[0].in_channels for layer in generator.up]
        widths = list(reversed(config.widths))
        assert inner == [width * (2 if 1 <= place <= skips else 1) for place, width in enumerate(widths)]


@MODEL
def test_other_data_of_few_small_black_images_keeps_its_losses(model: str) -> None:
    digits = Description("digits", "Digits", ("one", "two"), ("1", "2"), 28)
    config = default_config(model, "seen", data=digits, normals=100)
    usual = default_config(model, "seen")
    assert {name: getattr(config, name) for name in config.loss_names} == {
        name: getattr(usual, name) for name in usual.loss_names
    }
    assert config.least_steps > 1 and default_config(model, "seen", data=digits, normals=6000) == usual
