"""The data sets that are here: what the operator put into the folder, and folders named once on the command line."""

import shutil
from pathlib import Path

import pytest

from core.basics.errors import DataError
from core.data import catalog
from core.data.fashion_mnist import FASHION_MNIST
from tests import drawn, photographs


def test_fashion_mnist_is_always_here_and_comes_first(tmp_path: Path) -> None:
    assert catalog.available() == ["fashion-mnist"]
    assert catalog.get("fashion-mnist") is FASHION_MNIST
    drawn.write(catalog.OWN / "alphabet")
    assert catalog.available() == ["fashion-mnist", "alphabet"]


def test_a_folder_put_there_is_a_data_set_without_a_word(tmp_path: Path) -> None:
    drawn.write(catalog.OWN / "shapes", 32, 3)
    assert catalog.get("shapes").description.shape == (32, 32, 3)
    assert catalog.get("shapes").counts("train") == [40] * 4


def test_what_is_no_data_set_is_passed_over(tmp_path: Path) -> None:
    drawn.write(catalog.OWN / "Shapes With A Key That Is No Link")
    (catalog.OWN / "empty").mkdir()
    (catalog.OWN / "file").write_text("")
    assert catalog.available() == ["fashion-mnist"]


def test_a_folder_named_once_is_remembered(tmp_path: Path) -> None:
    folder = drawn.write(tmp_path / "elsewhere" / "My Shapes")
    assert catalog.add(folder).description.key == "my-shapes"
    assert catalog.available() == ["fashion-mnist", "my-shapes"]
    assert catalog.get("my-shapes").find("train").folder == folder
    assert catalog.add(folder).description.key == "my-shapes"  # once more is no other one
    assert catalog.available() == ["fashion-mnist", "my-shapes"]


@pytest.mark.parametrize("here", ["own", "elsewhere"])
def test_two_folders_never_have_one_key(here: str, tmp_path: Path) -> None:
    first = drawn.write((catalog.OWN if here == "own" else tmp_path / "first") / "shapes")
    if here != "own":
        catalog.add(first)
    second = drawn.write(tmp_path / "second" / "shapes", seed=1)
    with pytest.raises(DataError, match=f"Another data set is called shapes already; rename the folder {second}"):
        catalog.add(second)
    assert catalog.get("shapes").find("train").folder == first


def test_fashion_mnists_key_is_taken(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="called fashion-mnist already"):
        catalog.add(drawn.write(tmp_path / "Fashion MNIST"))
    drawn.write(catalog.OWN / "fashion-mnist")
    assert catalog.available() == ["fashion-mnist"]
    assert catalog.get("fashion-mnist") is FASHION_MNIST


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"shapes": 3}', '{"../x": "/etc"}', '{"Shapes": "/tmp"}', "null", "[" * 100_000, "\xff"]
)
def test_a_damaged_list_of_places_hides_no_other_data_set(content: str, tmp_path: Path) -> None:
    drawn.write(catalog.OWN / "shapes")
    (catalog.OWN / catalog.PLACES).write_text(content, "latin-1")
    assert catalog.available() == ["fashion-mnist", "shapes"]
    catalog.add(drawn.write(tmp_path / "others"))
    assert catalog.available() == ["fashion-mnist", "others", "shapes"]


def test_a_folder_that_is_gone_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = drawn.write(tmp_path / "shapes")
    catalog.add(folder)
    shutil.rmtree(folder)
    with pytest.raises(DataError, match=f"{folder} is not a data set"):
        catalog.get("shapes")
    shutil.rmtree(catalog.OWN)
    with pytest.raises(DataError, match=r"no data set called 'shapes' here; there are: fashion-mnist.*--data DIR"):
        catalog.get("shapes")


def test_a_folder_that_changes_is_read_anew(tmp_path: Path) -> None:
    folder = drawn.write(catalog.OWN / "shapes")
    assert catalog.get("shapes").description.side == 28
    shutil.rmtree(folder)
    drawn.write(folder, 32)
    assert catalog.get("shapes").description.side == 32


def test_kept_photos_are_listed_and_deleted_for_good(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles()[:20])
    catalog.add(tmp_path / "wall")
    drawn.write(catalog.OWN / "shapes")
    (kept,) = catalog.kept()
    assert kept.key == "wall" and kept.size > 20 * 64 * 64 * 3
    catalog.delete("wall")
    assert catalog.available() == ["fashion-mnist", "shapes"] and [path.name for path in catalog.OWN.iterdir()] == [
        "shapes"
    ]
    assert len(list((tmp_path / "wall").iterdir())) == 20  # the files that it was made of
    for key in ("wall", "shapes", "fashion-mnist", "../wall"):
        with pytest.raises(DataError, match="no data set of photos called"):
            catalog.delete(key)


def test_a_data_set_that_lies_elsewhere_is_not_deleted(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles()[:20])
    catalog.add(tmp_path / "wall")
    (catalog.OWN / "wall").rename(tmp_path / "elsewhere")
    (catalog.OWN / "wall").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="lies elsewhere"):
        catalog.delete("wall")
    assert catalog.get("wall").counts("test")
