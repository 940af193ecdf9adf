import itertools
from pathlib import Path

import numpy as np
import pytest

from core.basics.errors import ConfigError, DataError
from core.data import tasks
from core.data.dataset import Counts, Description, Images, Source, count_images
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Split, Task

CLASSES = FASHION_MNIST.description.classes
SEEN = Task(anomalies=900)
UNSEEN = Task(regime="unseen", anomalies=800, left_out="shirt")
ONE_CLASS = Task(regime="one-class", anomalies=0)
TASKS = pytest.mark.parametrize(
    "task", [SEEN, UNSEEN, ONE_CLASS, Task(normal="bag", anomalies=6003)], ids=["seen", "unseen", "one-class", "bag"]
)


@pytest.fixture(scope="module")
def numbered(starter: Images) -> Images:
    """The starter set's labels, each image holding its own index, so that a split tells where its images came from."""
    images = np.zeros_like(starter.images)
    index = np.arange(len(images))
    images[:, 0, 0, 0], images[:, 0, 1, 0] = index // 256, index % 256
    return Images(images, starter.labels, starter.source)


def parts(task: Task, numbered: Images) -> dict[str, np.ndarray]:
    """The indices of each part of the split."""
    dealt = arrays(tasks.split(task, numbered))
    return {name: part[:, 0, 0, 0].astype(int) * 256 + part[:, 0, 1, 0] for name, part in dealt.items()}


def arrays(split: Split) -> dict[str, np.ndarray]:
    """The parts of a split by name."""
    return {name: part for name, part in vars(split).items() if name != "data"}


def counts(indices: np.ndarray, numbered: Images) -> dict[str, int]:
    return {
        CLASSES[label]: int(count)
        for label, count in enumerate(np.bincount(numbered.labels[indices], minlength=10))
        if count
    }


@TASKS
def test_no_image_is_in_two_parts_or_twice_in_one(task: Task, numbered: Images) -> None:
    everything = np.concatenate(list(parts(task, numbered).values()))
    assert len(everything) == len(set(everything.tolist()))


@TASKS
def test_normals_are_the_normal_class_alone_and_a_tenth_is_held_out(task: Task, numbered: Images) -> None:
    found = parts(task, numbered)
    assert counts(found["train_normal"], numbered) == {task.normal: 900}
    assert counts(found["validation_normal"], numbered) == {task.normal: 100}


def test_seen_has_the_same_number_of_each_of_the_nine_classes(numbered: Images) -> None:
    others = [name for name in CLASSES if name != "t-shirt"]
    found = parts(SEEN, numbered)
    assert counts(found["train_anomaly"], numbered) == dict.fromkeys(others, 100)
    assert counts(found["validation_anomaly"], numbered) == dict.fromkeys(others, 100)
    assert SEEN.anomaly_classes == SEEN.test_classes == tuple(others)


@pytest.mark.parametrize(("asked", "each"), [(9, 1), (17, 1), (18, 2), (905, 100), (6003, 667), (8100, 900)])
def test_the_number_of_anomalies_is_rounded_down_to_the_same_of_each_class(
    asked: int, each: int, numbered: Images
) -> None:
    found = parts(Task(anomalies=asked), numbered)
    assert set(counts(found["train_anomaly"], numbered).values()) == {each}
    assert len(found["train_anomaly"]) == 9 * each


def test_unseen_keeps_the_left_out_class_for_the_test_where_it_is_the_only_anomaly(
    numbered: Images, test_split: Images
) -> None:
    eight = [name for name in CLASSES if name not in ("t-shirt", "shirt")]
    found = parts(UNSEEN, numbered)
    assert counts(found["train_anomaly"], numbered) == dict.fromkeys(eight, 100)
    assert counts(found["validation_anomaly"], numbered) == dict.fromkeys(eight, 100)
    assert UNSEEN.test_classes == ("shirt",)
    normal, anomaly = tasks.test_roles(UNSEEN, test_split.labels)
    assert set(test_split.labels[normal].tolist()) == {0}
    assert set(test_split.labels[anomaly].tolist()) == {6}
    assert (normal.sum(), anomaly.sum()) == (1000, 1000)


def test_one_class_has_no_anomaly_in_training_and_all_nine_classes_after_it(
    numbered: Images, test_split: Images
) -> None:
    found = tasks.split(ONE_CLASS, numbered)
    assert found.train_anomaly.shape == (0, 28, 28, 1)
    assert found.train_anomaly.dtype == np.uint8
    assert len(counts(parts(ONE_CLASS, numbered)["validation_anomaly"], numbered)) == 9
    normal, anomaly = tasks.test_roles(ONE_CLASS, test_split.labels)
    assert (normal.sum(), anomaly.sum()) == (1000, 9000)
    assert not (normal & anomaly).any()


@TASKS
def test_every_part_may_be_handed_to_torch(task: Task, starter: Images) -> None:
    # Of an array that cannot be written to, torch warns on stderr.
    assert all(part.flags.writeable for part in arrays(tasks.split(task, starter)).values())


def test_fewer_anomalies_are_a_part_of_more_and_nothing_else_changes(numbered: Images) -> None:
    ladder = [parts(Task(anomalies=number), numbered) for number in (9, 90, 900, 8100)]
    for fewer, more in itertools.pairwise(ladder):
        assert set(fewer["train_anomaly"].tolist()) < set(more["train_anomaly"].tolist())
        for name in ("train_normal", "validation_normal", "validation_anomaly"):
            assert np.array_equal(fewer[name], more[name])


def test_every_regime_has_the_same_normals(numbered: Images) -> None:
    seen, *others = (parts(task, numbered) for task in (SEEN, UNSEEN, ONE_CLASS))
    for other in others:
        assert np.array_equal(seen["train_normal"], other["train_normal"])
        assert np.array_equal(seen["validation_normal"], other["validation_normal"])


def test_a_split_depends_on_nothing_but_its_arguments(numbered: Images) -> None:
    def drawn(seed: int) -> Split:
        np.random.seed(seed)
        return tasks.split(SEEN, numbered)

    first, second = drawn(1), drawn(2)
    assert all(np.array_equal(part, arrays(second)[name]) for name, part in arrays(first).items())


def test_more_anomalies_than_there_are_is_an_error_that_says_how_many_there_are(numbered: Images) -> None:
    with pytest.raises(DataError, match=r"9000 labelled anomalies.*shipped has at most 8100"):
        tasks.split(Task(anomalies=9000), numbered)


@pytest.mark.parametrize(
    "wrong",
    [
        {"normal": "hat"},
        {"regime": "supervised"},
        {"regime": "unseen"},
        {"regime": "unseen", "left_out": "hat"},
        {"regime": "unseen", "left_out": "t-shirt"},
        {"regime": "seen", "left_out": "shirt"},
        {"regime": "one-class", "anomalies": 0, "left_out": "shirt"},
        {"regime": "one-class", "anomalies": 9},
        {"anomalies": 8},
        {"anomalies": -1},
        {"regime": "unseen", "left_out": "shirt", "anomalies": 7},
    ],
    ids=str,
)
def test_an_impossible_task_is_an_error(wrong: dict) -> None:
    with pytest.raises((ConfigError, DataError)):
        Task(**wrong)


def test_one_of_each_class_is_enough() -> None:
    assert Task(anomalies=9).anomalies == 9
    assert Task(regime="unseen", left_out="shirt", anomalies=8).anomalies == 8


WHOLE = "16d82e2b505296aa2b78bd5ea0992634f30419a4c97def7c907d154a35ac6157"  # Zalando's 60,000 images, as on the cards


def test_the_starter_set_knows_which_of_its_images_a_model_of_the_whole_set_was_trained_on(starter: Images) -> None:
    trained = tasks.trained_normals(Task("t-shirt"), WHOLE, starter)
    assert trained is not None and len(trained) == 907
    shirts = starter.images[starter.labels == 0]
    validation = [
        5,
        7,
        8,
        15,
        23,
        63,
        64,
        65,
        75,
        89,
        91,
        106,
    ]  # the first twelve of 93, read from the whole set's validation images
    assert not {image.tobytes() for image in trained} & {image.tobytes() for image in shirts[validation]}
    found = tasks.validation_places(Task("t-shirt"), WHOLE, starter)
    assert found is not None
    normal, anomaly = found
    assert (len(normal), (normal >= 0).sum(), len(anomaly), (anomaly >= 0).sum()) == (600, 93, 5400, 887)
    assert {image.tobytes() for image in shirts[validation]} <= {
        image.tobytes() for image in starter.images[normal[normal >= 0]]
    }


def test_a_model_of_the_images_at_hand_was_trained_on_what_was_dealt_to_training(
    starter: Images, small: Images
) -> None:
    dealt = tasks.split(Task("bag", anomalies=9), starter)
    trained = tasks.trained_normals(Task("bag"), starter.fingerprint, starter)
    assert trained is not None and trained.tobytes() == dealt.train_normal.tobytes()
    found = tasks.validation_places(Task("bag", anomalies=9), starter.fingerprint, starter)
    assert found is not None
    assert starter.images[found[0]].tobytes() == dealt.validation_normal.tobytes()
    assert starter.images[found[1]].tobytes() == dealt.validation_anomaly.tobytes()
    assert tasks.trained_normals(Task("bag"), "0" * 64, starter) is None
    assert tasks.trained_normals(Task("bag"), WHOLE, small) is None  # nobody knows which images those are


@pytest.mark.parametrize(
    ("counts", "regimes"),
    [
        ([50, 50, 50], ("seen", "unseen", "one-class")),
        ([50, 50], ("seen", "one-class")),  # nothing is left to learn from once the only anomaly class is left out
        ([50, 0, 50], ("one-class",)),
        ([50, 0], ("one-class",)),
    ],
)
def test_the_training_images_say_which_regimes_are_possible(counts: list[int], regimes: tuple[str, ...]) -> None:
    names = ("good", "dented", "torn")[: len(counts)]
    data = Description("line", "Line", names, names, side=64, channels=3)
    assert tasks.possible_regimes(data, counts, "good") == regimes


def test_the_only_anomaly_class_cannot_be_left_out() -> None:
    data = Description("line", "Line", ("good", "torn"), ("good", "torn"), side=64)
    with pytest.raises(ConfigError, match="Line has one anomaly class only"):
        Task("good", "unseen", 10, "torn", data)


GOOD = Description("apples", "Apples", ("good",), ("Good",), side=32, channels=3, only_normal="good")


def test_good_items_alone_can_be_trained_one_class_and_no_other_way() -> None:
    task = Task("good", "one-class", 0, data=GOOD)
    assert (task.anomaly_classes, task.test_classes, task.labelled) == ((), (), 0)
    assert tasks.possible_regimes(GOOD, [50], "good") == ("one-class",)
    assert tasks.default_anomalies(GOOD, [50], "good") == 0
    assert tasks.sizes(task, [50], Source("Apples", Path())) == (45, 0)
    with pytest.raises(ConfigError, match="Apples has no anomalies; it can only be trained in the one-class regime"):
        Task("good", "seen", 10, data=GOOD)


def test_good_items_alone_are_dealt_to_training_validation_and_test() -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 32, 32, 3), np.uint8)
    train = Images(images, np.zeros(50, np.uint8), Source("Apples", Path()))
    task = Task("good", "one-class", 0, data=GOOD)
    dealt = tasks.split(task, train)
    shapes = [len(part) for part in arrays(dealt).values()]
    assert shapes == [45, 0, 5, 0]
    assert [mask.sum() for mask in tasks.test_roles(task, train.labels)] == [50, 0]
    places = tasks.validation_places(task, train.fingerprint, train)
    assert places is not None and [len(part) for part in places] == [5, 0]


def test_a_data_set_may_say_which_images_validate() -> None:
    data = Description("line", "Line", ("good", "dented", "torn"), ("Good", "Dented", "Torn"), side=32)
    labels = np.repeat(np.arange(3, dtype=np.uint8), (6, 4, 3))
    images = np.arange(13, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 1), np.uint8)
    held = np.isin(np.arange(13), [1, 4, 7, 8, 12])
    train = Images(images, labels, Source("Line", Path()), held)
    counts = count_images(train, data.classes)
    assert counts == [6, 4, 3] and isinstance(counts, Counts) and counts.held == [2, 2, 1]

    task = Task("good", "seen", 4, data=data)
    numbers = {name: part[:, 0, 0, 0].tolist() for name, part in arrays(tasks.split(task, train)).items()}
    assert numbers == {
        "train_normal": [0, 2, 3, 5],
        "train_anomaly": [6, 9, 10, 11],
        "validation_normal": [1, 4],
        "validation_anomaly": [7, 8, 12],
    }
    assert tasks.sizes(task, counts, train.source) == (4, 4)
    assert tasks.default_anomalies(data, counts, "good") == 4
    assert tasks.possible_regimes(data, Counts([6, 4, 3], [2, 2, 3]), "good") == ("one-class",)
    with pytest.raises(DataError, match="6 labelled anomalies were asked for, but Line has at most 4"):
        tasks.split(Task("good", "seen", 6, data=data), train)
    more = Counts([60, 40, 30], [20, 10, 25])  # 30 and 5 for training: 60 fit one class, only 10 both
    with pytest.raises(
        DataError, match="Line has at most 10 that are not held out for validation, the same number of each class"
    ):
        tasks.sizes(Task("good", "seen", 80, data=data), more, train.source)
    assert tasks.sizes(Task("good", "seen", 10, data=data), more, train.source) == (40, 10)

    trained = tasks.trained_normals(task, train.fingerprint, train)
    assert trained is not None and trained[:, 0, 0, 0].tolist() == [0, 2, 3, 5]
    places = tasks.validation_places(task, train.fingerprint, train)
    assert places is not None and [part.tolist() for part in places] == [[1, 4], [7, 8, 12]]
    assert train.fingerprint != Images(images, labels, train.source, np.roll(held, 1)).fingerprint
