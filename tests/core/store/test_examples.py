import numpy as np
import pytest

from core.basics.errors import DataError
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
    assert stored.dtype == np.uint8 and stored.shape == made.shape == (24, 28, 28, 1)
    # Another processor may round the last bit otherwise; a grey level is the most that can come of it.
    assert np.abs(stored.astype(int) - made).max() <= 1


def test_every_model_in_the_box_has_its_pictures():
    for one in boxed():
        assert examples.stored(one.card.weights_sha256) is not None, "Run `python -m core examples`."


def test_other_weights_have_no_pictures():
    assert examples.stored("0" * 64) is None


def test_a_damaged_file_is_said_to_be_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "STORED", tmp_path / "examples.safetensors")
    assert examples.stored("0" * 64) is None
    examples.STORED.write_bytes(b"not tensors")
    with pytest.raises(DataError, match="python -m core examples"):
        examples.stored("0" * 64)
