"""The images that a run's panel shows are named by the class they are of."""

import io

import numpy as np
import pytest
from PIL import Image

from core.data import tasks
from core.data.dataset import Images
from core.data.fashion_mnist import DESCRIPTION
from core.data.tasks import Task
from core.runs import frames


def test_each_anomaly_is_of_the_class_it_is_called_by_where_classes_are_not_equally_large(starter) -> None:
    # 10 · (k + 1) images of class k, and each pixel of an image is its class: who is who cannot be mistaken.
    labels = np.repeat(np.arange(10), 10 * np.arange(1, 11))
    train = Images(
        np.broadcast_to(labels.astype(np.uint8)[:, None, None, None], (550, 28, 28, 1)).copy(), labels, starter.source
    )
    task = Task("bag", "seen", 9)
    images, classes = frames.choose(tasks.split(task, train), task, train)
    assert classes[:8] == ["bag"] * 8
    assert classes[8:] == [
        "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "ankle-boot",
    ]  # fmt: skip
    assert [DESCRIPTION.classes[image[0, 0, 0]] for image in images] == classes


def test_a_class_without_a_validation_image_is_left_out(starter) -> None:
    labels = np.repeat(np.arange(10), [20, 5, 20, 20, 20, 20, 20, 20, 20, 20])  # a tenth of five trousers is none
    train = Images(
        np.broadcast_to(labels.astype(np.uint8)[:, None, None, None], (185, 28, 28, 1)).copy(), labels, starter.source
    )
    task = Task("t-shirt", "seen", 9)
    images, classes = frames.choose(tasks.split(task, train), task, train)
    assert "trouser" not in classes and len(classes) == 2 + 8
    assert [DESCRIPTION.classes[image[0, 0, 0]] for image in images] == classes


def test_a_frame_in_colour_comes_back_with_its_notes_and_any_other_png_is_refused(tmp_path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 3), dtype=np.uint8)
    frames.write_originals(tmp_path, images, ["good", "bad", "bad"])
    content, notes = frames.read(tmp_path / "originals.png")
    assert (notes.classes, notes.scores) == (["good", "bad", "bad"], [])
    with Image.open(io.BytesIO(content)) as picture:
        assert np.array_equal(np.asarray(picture), np.concatenate(list(images), axis=1))
        picture.save(tmp_path / "bare.png")
    with pytest.raises(ValueError, match="is no frame"):
        frames.read(tmp_path / "bare.png")
