"""The split: decided by content, frozen, and fair to small classes."""

from collections import Counter

import numpy as np
import pytest

from core.basics.files import sha256
from core.data.photos import division
from core.data.photos.reading import Photo


def photos(number: int, label: int = 0, seed: int = 0, split: str | None = None) -> list[Photo]:
    digests = [sha256(f"{seed} {label} {split} {place}".encode()) for place in range(number)]
    return [Photo(f"{place}.png", label, split, digest, 64, 64, 1) for place, digest in enumerate(digests)]


def test_neither_order_nor_name_nor_class_moves_a_photo() -> None:
    some = photos(500)
    splits = division.divide(some, np.arange(500))
    order = np.random.default_rng(0).permutation(500)
    renamed = [Photo("x", 3, None, some[place].sha256, 1, 1, 1) for place in order]
    assert division.divide(renamed, np.arange(500)) == [splits[place] for place in order]
    shares = Counter(splits)
    assert shares["test"] == pytest.approx(100, abs=30) and shares["validation"] == pytest.approx(100, abs=30)


def test_photos_added_later_move_no_old_one() -> None:
    some = photos(60) + photos(7, label=1)
    before = division.divide(some, np.arange(67))
    known = {photo.sha256: split for photo, split in zip(some, before, strict=True)}
    more = photos(300, seed=1) + some + photos(50, label=1, seed=1)
    # Every new good photo but the last 200 is nearly the same as an old one.
    groups = np.concatenate([np.arange(100) % 60, np.arange(200, 400), np.arange(67), np.arange(400, 450)])
    after = division.divide(more, groups, known)
    assert after[300:367] == before
    assert after[:100] == [before[place % 60] for place in range(100)]


def test_large_sets_keep_their_split_even_where_nothing_is_remembered() -> None:
    before = division.divide(photos(1000)[:700], np.arange(700))
    assert division.divide(photos(1000), np.arange(1000))[:700] == before


def test_a_photo_that_joins_two_old_ones_moves_neither() -> None:
    some = photos(30)
    before = division.divide(some, np.arange(30))
    known = {photo.sha256: split for photo, split in zip(some, before, strict=True)}
    first, other = before.index("test"), before.index("train")
    groups = np.arange(31)
    groups[[first, other]] = groups[30] = 99
    after = division.divide(some + photos(1, seed=1), groups, known)
    assert after[:30] == before and after[30] in ("test", "train")


def test_a_group_is_never_divided() -> None:
    for seed in range(20):
        some = photos(60, seed=seed)
        groups = np.arange(60) // 4
        splits = np.array(division.divide(some, groups))
        assert all(len(set(splits[groups == group])) == 1 for group in range(15))
        assert set(splits) == set(division.SPLITS)


def test_a_group_draws_as_any_photo_does() -> None:
    groups = np.arange(3000) // 10
    first = Counter(division.divide(photos(3000), groups)[::10])
    assert first["test"] == pytest.approx(60, abs=25) and first["validation"] == pytest.approx(60, abs=25)


@pytest.mark.parametrize(
    ("number", "least"),
    [(1, (0, 0, 1)), (2, (1, 0, 1)), (3, (1, 1, 1)), (10, (4, 1, 1)), (50, (22, 7, 7)), (200, (90, 30, 30))],
)
def test_a_small_class_has_some_in_each_split(number: int, least: tuple[int, ...]) -> None:
    for seed in range(30):
        shares = Counter(division.divide(photos(number, seed=seed), np.arange(number)))
        assert all(shares[split] >= few for split, few in zip(division.SPLITS, least, strict=True))


def test_a_split_that_the_folders_give_is_kept() -> None:
    some = photos(80, split="train") + photos(20, split="test") + photos(9, 1, split="test")
    splits = division.divide(some, np.arange(109))
    assert set(splits[80:]) == {"test"} and set(splits[:80]) == {"train", "validation"}
    assert 12 <= splits[:80].count("validation") <= 25
    named = some + photos(10, split="validation")
    splits = division.divide(named, np.arange(119))
    assert (set(splits[:80]), set(splits[109:])) == ({"train"}, {"validation"})
