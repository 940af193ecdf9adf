"""Faint defects for training: soft-edged, of low contrast, and none where none was asked for."""

import pytest
import torch

from core.gans import defects, faint
from tests import photographs


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def photos(name: str = "brick") -> torch.Tensor:
    return torch.from_numpy(photographs.tiles(name).copy())


def test_faint_defects_are_fainter_and_softer_than_the_others() -> None:
    def steepest(damaged: torch.Tensor) -> torch.Tensor:
        change = damaged.float() - photos().float()
        return (change[:, 1:] - change[:, :-1]).abs().amax((1, 2, 3))

    def largest(damaged: torch.Tensor) -> torch.Tensor:
        return (damaged.float() - photos().float()).abs().amax((1, 2, 3))

    pale, others = (defects.damage(photos(), seeded(), share)[0] for share in (1.0, 0.0))
    assert largest(pale).median() < 0.7 * largest(others).median()
    assert steepest(pale).median() < 0.5 * steepest(others).median()


def test_most_faint_defects_are_visible_and_none_is_everywhere() -> None:
    _, masks = defects.damage(photos("gravel"), seeded(), 1.0)
    shares = masks.float().mean((1, 2))
    assert (shares > 0).float().mean() > 0.7
    assert 0.003 < shares.mean() < 0.2 and shares.max() < 0.8


def test_a_share_of_the_photos_gets_them_and_the_others_get_what_they_got_before() -> None:
    without, some = (defects.damage(photos(), seeded(), share)[0] for share in (0.0, 0.25))
    kept = (without == some).flatten(1).all(1).float().mean()
    assert 0.6 < kept < 0.9


@pytest.mark.parametrize("number", range(len(faint.KINDS)))
@pytest.mark.parametrize("shape", [(6, 28, 28, 1), (5, 64, 64, 3), (3, 128, 96, 3)])
def test_each_kind_changes_images_of_any_shape(number: int, shape: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faint, "KINDS", tuple(float(place == number) for place in range(len(faint.KINDS))))
    images = torch.randint(0, 256, shape, generator=seeded(), dtype=torch.uint8).permute(0, 3, 1, 2)
    made = faint.put(images, seeded(1))
    change = (made - images.float()).abs()
    assert made.shape == images.shape and torch.isfinite(made).all()
    assert (change.amax((1, 2, 3)) > 5).all()
    assert torch.equal(made, faint.put(images, seeded(1)))
