"""Both GANs on images of any side, grey or in colour: shapes, learning, margins, augmentation."""

import numpy as np
import pytest
import torch

from core.basics.errors import DataError
from core.data.dataset import Description
from core.data.tasks import Split
from core.gans import maps, scoring
from core.gans.build import build, to_input
from core.gans.config import config_class
from core.gans.dcgan import padded
from core.gans.gan import from_output
from core.gans.training import Batches, Training
from tests import drawn

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])
SHAPES = pytest.mark.parametrize(
    ("side", "channels"), [(28, 1), (28, 3), (29, 1), (31, 3), (45, 1), (64, 3), (97, 3), (128, 1), (128, 3)]
)


def describe(side: int, channels: int, **changes: object) -> Description:
    return Description("shapes", "Shapes", drawn.SHAPES, drawn.SHAPES, side, channels, **changes)


def split_of(data: Description, count: int = 16) -> Split:
    """Discs are normal, the other shapes anomalies."""
    images, labels = drawn.shapes(count + 4, data.side, data.channels)
    normal, anomaly = images[labels == 0], images[labels != 0]
    return Split(data, normal[:count], anomaly[:count], normal[count:], anomaly[count : count + 4])


def small(model: str, **changes: object):
    return config_class(model)(**{"epochs": 1, "batch_size": 8} | changes)


@MODEL
@SHAPES
def test_a_generator_gives_back_images_of_their_shape(model: str, side: int, channels: int) -> None:
    data = describe(side, channels)
    generator = build(model, small(model), data).generator
    images, _ = drawn.shapes(2, side, channels)
    reconstructions = scoring.reconstruct(generator, images)
    assert reconstructions.shape == (8, side, side, channels)
    assert np.abs(reconstructions).max() <= 1
    assert maps.residual(images, reconstructions).shape == (8, side, side)
    scores = scoring.score(generator, images)
    assert scores == pytest.approx(np.abs(images / 127.5 - 1 - reconstructions).mean((1, 2, 3)), rel=1e-4)
    assert scores.tobytes() == scoring.score(generator, images[::-1])[::-1].tobytes()


@MODEL
@SHAPES
def test_every_part_learns_in_one_step(model: str, side: int, channels: int) -> None:
    config = small(model, adversarial_anomaly=0.1)  # in the traditional GAN it is off
    training = Training(model, config, split_of(describe(side, channels), 24), 0, "cpu")
    before = {name: value.clone() for name, value in training.gan.named_parameters()}
    assert list(training.epochs(should_stop=lambda: True)) == []  # stopped after the first of three steps
    still = [name for name, value in training.gan.named_parameters() if torch.equal(value, before[name])]
    assert still == []
    assert all(torch.isfinite(value).all() for value in training.gan.parameters())


def test_the_dcgan_pads_to_the_next_multiple_of_sixteen() -> None:
    sides = {28: 32, 31: 32, 32: 32, 33: 48, 48: 48, 64: 64, 97: 112, 128: 128}
    assert {side: padded(side) for side in sides} == sides
    for side, inside in sides.items():
        assert build("dcgan", small("dcgan"), describe(side, 1)).generator.side == inside
        assert build("traditional", small("traditional"), describe(side, 1)).generator.side == side


@pytest.mark.parametrize("side", [29, 45])
def test_beyond_the_frame_is_black_or_the_edge_goes_on(side: int) -> None:
    images = torch.from_numpy(drawn.shapes(1, side, 3)[0])
    spare = padded(side) - side
    before = spare // 2
    black, edge = (to_input(images, padded(side), outside) for outside in ("black", "edge"))
    inside = slice(before, before + side)
    expected = images.permute(0, 3, 1, 2).float() / 127.5 - 1
    for padding in (black, edge):
        assert torch.allclose(padding[:, :, inside, inside], expected)
        assert torch.equal(from_output(padding, side), padding[:, :, inside, inside].permute(0, 2, 3, 1))
    assert (black[:, :, :before] == -1).all() and (black[:, :, :, before + side :] == -1).all()
    assert torch.equal(edge[:, :, :before, inside], expected[:, :, :1].expand(-1, -1, before, -1))
    right = spare - before
    assert torch.equal(edge[:, :, inside, before + side :], expected[:, :, :, -1:].expand(-1, -1, -1, right))


def augmented(data: Description, image: np.ndarray, **changes: object) -> torch.Tensor:
    """400 times the same normal image as training sees it."""
    split = with_normals(split_of(data, 8), np.repeat(image[None], 400, 0))
    batches = Batches(split, small("traditional", **changes), data.side, 0, torch.device("cpu"))
    return torch.cat([torch.cat([step.normal.images, step.damaged.targets]) for step in batches.epoch()])


def with_normals(split: Split, normals: np.ndarray) -> Split:
    """The split with other normals."""
    return Split(split.data, normals, split.train_anomaly, split.validation_normal, split.validation_anomaly)


@pytest.mark.parametrize(("mirror", "expected"), [(True, 2), (False, 1)])
def test_images_are_mirrored_only_where_that_keeps_their_class(mirror: bool, expected: int) -> None:
    data = describe(40, 3, mirror=mirror)
    image = drawn.shapes(1, 40, 3)[0][0]
    different = torch.unique(augmented(data, image, flip=True, shift=0).flatten(1), dim=0)
    variants = [to_input(torch.from_numpy(np.ascontiguousarray(one))[None], 40) for one in (image, image[:, ::-1])]
    assert len(different) == expected
    for variant in variants[:expected]:
        assert (different == variant.flatten(1)).all(1).any()


@pytest.mark.parametrize(("outside", "fill"), [("black", {"mode": "constant"}), ("edge", {"mode": "edge"})])
def test_a_moved_image_is_filled_as_the_data_set_says(outside: str, fill: dict) -> None:
    data = describe(30, 3, outside=outside)
    image = drawn.shapes(1, 30, 3)[0][0]
    shown = augmented(data, image, flip=False, shift=1)
    framed = np.pad(image, ((1, 1), (1, 1), (0, 0)), **fill)
    moved = [framed[row : row + 30, column : column + 30] for row in range(3) for column in range(3)]
    expected = torch.cat([to_input(torch.from_numpy(np.ascontiguousarray(one))[None], 30) for one in moved])
    matches = (shown.flatten(1)[:, None] == expected.flatten(1)[None]).all(2)
    assert matches.any(1).all()
    assert matches.any(0).all()  # each of the nine places is drawn among 400


def test_a_network_for_one_shape_is_none_for_another() -> None:
    grey, colour = (build("dcgan", small("dcgan"), describe(32, channels)) for channels in (1, 3))
    with pytest.raises(RuntimeError, match="size mismatch"):
        grey.generator.load_state_dict(colour.generator.state_dict())


@pytest.mark.parametrize(("side", "channels"), [(27, 1), (129, 1), (32, 2), (32, 4)])
def test_other_shapes_are_no_data_set(side: int, channels: int) -> None:
    with pytest.raises(DataError, match=r"between 28 and 128|1 \(grey\) or 3 \(colour\)"):
        describe(side, channels)
