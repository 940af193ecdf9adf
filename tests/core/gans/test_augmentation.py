"""Augmentation of photos: quarter turns, any turn, light. (Mirror and shift: test_batches.py.)"""

import numpy as np
import pytest
import torch

from core.data.dataset import Description
from core.gans.augmentation import augment
from core.gans.config import TrainingConfig
from tests import photographs

OFF = {"flip": False, "shift": 0}


def data(outside: str = "edge") -> Description:
    return Description("wall", "Wall", ("good",), ("Good",), 64, 3, mirror=True, outside=outside)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tiles() -> torch.Tensor:
    return torch.from_numpy(photographs.tiles("brick").copy())


def test_without_a_switch_photos_stay_as_they_are() -> None:
    random = seeded()
    before = random.get_state()
    assert torch.equal(augment(tiles(), TrainingConfig(**OFF), data(), random), tiles())
    assert torch.equal(random.get_state(), before)  # so the batches of older settings stay as they were


def test_quarter_turns_are_the_four_turns_of_a_photo() -> None:
    photo = tiles()[0].numpy()
    turned = augment(tiles()[:1].repeat(40, 1, 1, 1), TrainingConfig(quarter=True, **OFF), data(), seeded()).numpy()
    known = {np.rot90(photo, times).tobytes() for times in range(4)}
    assert {image.tobytes() for image in turned} == known and len(known) == 4


@pytest.mark.parametrize("outside", ["black", "edge"])
def test_a_turn_shows_black_beyond_a_black_frame_alone(outside: str) -> None:
    bright = torch.full((20, 64, 64, 3), 200, dtype=torch.uint8)
    turned = augment(bright, TrainingConfig(turn=180, **OFF), data(outside), seeded())
    assert turned[:, 24:40, 24:40].eq(200).all()
    assert bool((turned == 0).any()) == (outside == "black")


def test_a_small_turn_moves_the_border_and_hardly_the_middle() -> None:
    photos = tiles()
    few = augment(photos, TrainingConfig(turn=3, **OFF), data(), seeded()).float() - photos.float()
    error = few.abs().mean((0, 3))
    assert error[28:36, 28:36].mean() < error[:8, :8].mean()
    assert error.mean() > 1


def test_any_turn_keeps_a_photo_about_as_sharp() -> None:
    def sharpness(images: torch.Tensor) -> float:
        middle = images[:, 16:48, 16:48].float()
        return float(
            (middle[:, 1:] - middle[:, :-1]).abs().mean() + (middle[:, :, 1:] - middle[:, :, :-1]).abs().mean()
        )

    gravel = torch.from_numpy(photographs.tiles("gravel").copy())
    assert sharpness(augment(gravel, TrainingConfig(turn=180, **OFF), data(), seeded())) > 0.85 * sharpness(gravel)


def test_light_changes_each_photo_by_at_most_its_share_and_keeps_its_colours_apart() -> None:
    grey = torch.full((200, 28, 28, 3), 100, dtype=torch.uint8)
    grey[..., 2] = 50
    lit = augment(grey, TrainingConfig(light=0.2, **OFF), data(), seeded()).float()
    level = lit.mean((1, 2, 3))
    assert 0.79 * 83.4 < level.min() < 0.85 * 83.4 and 1.15 * 83.4 < level.max() < 1.21 * 83.4
    assert (lit[..., 0] > lit[..., 2] + 20).all()


def test_an_image_and_its_target_are_augmented_alike() -> None:
    config = TrainingConfig(quarter=True, turn=20, light=0.3, shift=5)
    both = augment(torch.cat([tiles(), tiles()], -1), config, data(), seeded())
    assert torch.equal(both[..., :3], both[..., 3:])
    assert not torch.equal(both[..., :3], tiles())
