import os

import numpy as np
import pytest
from safetensors.numpy import save

from core.basics.errors import DataError
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.store import checkpoints, examples
from core.store.model_cards import boxed

DATA = FASHION_MNIST.description


@pytest.mark.parametrize("normal", DATA.classes)
def test_the_images_show_every_other_class_and_some_normal_ones(normal, test_split):
    numbers = examples.chosen(DATA, normal, test_split.labels)
    assert len(set(numbers.tolist())) == len(numbers) == 24
    counts = np.bincount(test_split.labels[numbers], minlength=10)
    assert counts[DATA.label(normal)] == 6
    assert (np.delete(counts, DATA.label(normal)) == 2).all()


@pytest.mark.parametrize(
    "model, regime", [("traditional", "seen"), ("dcgan", "seen"), ("traditional", "one-class"), ("dcgan", "one-class")]
)
def test_what_is_stored_is_what_the_weights_make(model, regime, test_split):
    one = checkpoints.load(checkpoints.shipped(model, "t-shirt", regime))
    stored = examples.stored(one.card.weights_sha256)
    made = examples.reconstruct(one, test_split)
    assert stored.images.shape == made.images.shape == (24, 28, 28, 1)
    assert stored.damaged.shape == made.damaged.shape == (28, 28, 1)
    # Another processor may round the last bit otherwise; a grey level is the most that can come of it.
    for images, again in ((stored.images, made.images), (stored.damaged, made.damaged)):
        assert images.dtype == np.uint8 and np.abs(images.astype(int) - again).max() <= 1
    assert stored.score == pytest.approx(made.score, abs=1e-5)


@pytest.mark.parametrize("normal", DATA.classes)
def test_the_first_example_is_a_normal_image_with_a_hole(normal, test_split):
    number, image = examples.damaged(DATA, normal, test_split)
    assert test_split.labels[number] == DATA.label(normal)
    changed = (image != test_split.images[number]).any(-1)
    assert 4 <= changed.sum() < 200 and not image[changed].any()  # black, as the background is
    assert np.array_equal(examples.damaged(DATA, normal, test_split)[1], image)


def test_where_no_hole_would_be_seen_there_is_no_such_example(test_split):
    black = Images(np.zeros((20, 28, 28, 1), np.uint8), np.arange(20, dtype=np.uint8) % 10, test_split.source)
    assert examples.damaged(DATA, "bag", black) is None
    assert examples.damaged(DATA, "bag", Images(black.images[:0], black.labels[:0], test_split.source)) is None


def test_every_model_in_the_box_has_its_pictures():
    for one in boxed():
        assert examples.stored(one.card.weights_sha256) is not None, "Run `python -m core examples`."


def test_other_weights_have_no_pictures():
    assert examples.stored("0" * 64) is None


def test_a_damaged_file_is_said_to_be_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "STORED", tmp_path / "examples.safetensors")
    assert examples.stored("0" * 64) is None
    no_score = save({"0" * 64: np.zeros((25, 28, 28, 1), np.uint8)})  # as a file of before the damaged example
    for stamp, content in enumerate((b"not tensors", no_score)):
        examples.STORED.write_bytes(content)
        os.utime(examples.STORED, (stamp, stamp))
        with pytest.raises(DataError, match="python -m core examples"):
            examples.stored("0" * 64)
