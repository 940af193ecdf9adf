"""Tasks: which class is normal, and which anomalies are in training, validation and test.

Three regimes, never mixed in one column of a table:

seen       labelled anomalies from all other classes are in training; the test anomalies are of the same classes
           (Kim et al. 2020, and the slide deck). A supervised figure.
unseen     one anomaly class is left out of training and validation, and is the only anomaly class in the test.
one-class  no anomaly is in training: the only regime of a data set whose single class is the normal one.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from core.basics.errors import ConfigError, DataError
from core.data.dataset import Counts, Description, Images, Source, count_images, count_labels
from core.data.fashion_mnist import EACH_CLASS, FASHION_MNIST

ANOMALIES = 6003  # Kim's "about 6,000", divisible by nine classes
REGIMES = ("seen", "unseen", "one-class")
VALIDATION_SHARE = 0.1  # of each class of the training split; the same images whatever the model's seed
SPLIT_SEED = 2017  # fixed, so that every model of a class has the same validation images


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The normal class, the regime and the labelled anomalies of a training.

    `anomalies` is how many labelled anomalies are in training, the same number from each anomaly class (rounded down,
    at least one each). In the one-class regime it must be 0. `data` describes the data set and its classes.
    """

    normal: str = "t-shirt"
    regime: str = "seen"
    anomalies: int = ANOMALIES
    left_out: str | None = None
    data: Description = FASHION_MNIST.description

    def __post_init__(self) -> None:
        if self.normal not in self.data.normal_choices:
            raise DataError(
                f"Unknown normal class {self.normal!r:.80}; the classes are: {' '.join(self.data.normal_choices)}."
            )
        if self.regime not in REGIMES:
            raise ConfigError(f"Unknown regime {self.regime!r:.80}; the regimes are: {', '.join(REGIMES)}.")
        if (self.left_out is not None) != (self.regime == "unseen"):
            raise ConfigError("The unseen regime needs a left-out class, and no other regime has one.")
        if self.left_out is not None and self.data.label(self.left_out) == self.data.label(self.normal):
            raise ConfigError("The left-out class must be an anomaly class, not the normal one.")
        if not self.anomaly_classes and self.regime == "unseen":
            raise ConfigError(
                f"{self.data.name} has one anomaly class only; the unseen regime needs a second one to learn from."
            )
        if not self.anomaly_classes and self.regime == "seen":
            raise ConfigError(f"{self.data.name} has no anomalies; it can only be trained in the one-class regime.")
        if self.regime == "one-class" and self.anomalies != 0:
            raise ConfigError("The one-class regime has no labelled anomalies in training: anomalies must be 0.")
        if self.regime != "one-class" and self.anomalies < len(self.anomaly_classes):
            raise ConfigError(
                f"anomalies is {self.anomalies!r:.80}; it must be at least {len(self.anomaly_classes)}, one of each anomaly class."
            )

    @property
    def anomaly_classes(self) -> tuple[str, ...]:
        """The classes whose labelled anomalies may be used before the test (in training and validation)."""
        return tuple(name for name in self.data.classes if name not in (self.normal, self.left_out))

    @property
    def labelled(self) -> int:
        """The number of labelled anomalies in training: `anomalies`, rounded down to the same number from each class."""
        return self.anomalies // max(1, len(self.anomaly_classes)) * len(self.anomaly_classes)

    @property
    def test_classes(self) -> tuple[str, ...]:
        """The anomaly classes in the test."""
        return (self.left_out,) if self.left_out else self.anomaly_classes


@dataclass(frozen=True)
class Split:
    """Training and validation images of a task: uint8 [N, H, W, C] each. Disjoint, all from the training split.

    Every regime has validation anomalies, where the data set has any. In the one-class regime they choose nothing: they only serve to report a
    validation AUROC and the effect of thresholds. The threshold in force is chosen without them (Checkpoint.point).
    """

    data: Description
    train_normal: np.ndarray
    train_anomaly: np.ndarray
    validation_normal: np.ndarray
    validation_anomaly: np.ndarray


def held_out(whole: int) -> int:
    """Return how many of the `whole` training images of a class are held out for validation, if the data set names none."""
    return int(whole * VALIDATION_SHARE)


def held_of(counts: list[int], label: int) -> int:
    """Return how many training images of the class `label` are held out for validation: by the data set, or a share."""
    return counts.held[label] if isinstance(counts, Counts) else held_out(counts[label])


def split(task: Task, train: Images) -> Split:
    """Select training and validation images for `task` from the training split. Equal arguments give equal images.

    Raises DataError when a class has too few images for the labelled anomalies asked for.
    """
    counts = count_images(train, task.data.classes)
    held, free = _order(task.data, counts, train)
    each = _labelled(task, train.source, counts)

    def pick(indices: list[np.ndarray]) -> np.ndarray:
        return train.images[np.concatenate(indices)] if indices else train.images[:0].copy()

    return Split(
        task.data,
        train_normal=pick([free[task.normal]]),
        # Training takes the first `each` of a class. So a larger number of anomalies includes the images of a smaller one,
        # and the points of a curve over this number are comparable.
        train_anomaly=pick([free[name][:each] for name in task.anomaly_classes if each]),
        validation_normal=pick([held[task.normal]]),
        validation_anomaly=pick([held[name] for name in task.anomaly_classes]),
    )


def trained_normals(task: Task, fingerprint: str, train: Images) -> np.ndarray | None:
    """Return the images in `train` that a model of this task was trained on: uint8 [N, H, W, C], equal in every regime.

    `fingerprint`, from the card, names the model's training set, which may be another one than `train`. For a model of
    the whole split, for example, some images of the starter set were in training and some in validation. Returns None
    when the two sets are not related.
    """
    order = _order_elsewhere(task.data, fingerprint, train)
    if order is None:
        return None
    places = order[1][task.normal]
    return train.images[places[places >= 0]]


def validation_places(task: Task, fingerprint: str, train: Images) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the indices of a model's validation normals and anomalies in `train`, in score order: int [N] and int [A].

    -1 stands for an image that `train` does not have. `fingerprint` and None as for `trained_normals`.
    """
    order = _order_elsewhere(task.data, fingerprint, train)
    if order is None:
        return None
    held = order[0]
    return held[task.normal], np.concatenate([np.zeros(0, int), *(held[name] for name in task.anomaly_classes)])


Places = dict[str, np.ndarray]  # class → indices into the training images; -1 stands for one that is not there


def _order(data: Description, counts: list[int], train: Images) -> tuple[Places, Places]:
    """Return each class's validation images and its other ones, in the order in which they are taken.

    `counts` are the images of each class in the set that is divided, which may be another one than `train`.
    """
    held, free = {}, {}
    random = np.random.default_rng(SPLIT_SEED)
    for label, (name, count) in enumerate(zip(data.classes, counts, strict=True)):
        own = train.labels == label
        if train.held is not None:
            held[name], free[name] = np.flatnonzero(own & train.held), np.flatnonzero(own & ~train.held)
        else:
            indices = np.flatnonzero(own)
            order = np.append(indices, -1)[np.minimum(random.permutation(count), len(indices))]
            held[name], free[name] = np.split(order, [held_out(count)])
    return held, free


def _order_elsewhere(data: Description, fingerprint: str, train: Images) -> tuple[Places, Places] | None:
    """Return `_order` of the training set with this fingerprint; None when it is not `train` and either is unknown."""
    if train.fingerprint == fingerprint:
        return _order(data, count_labels(train.labels, data.classes), train)
    if train.fingerprint not in EACH_CLASS or fingerprint not in EACH_CLASS:
        return None
    return _order(data, [EACH_CLASS[fingerprint]] * len(data.classes), train)


def sizes(task: Task, counts: list[int], source: Source) -> tuple[int, int]:
    """Return how many normals and labelled anomalies `split` puts into training when class k has counts[k] images.

    Raises DataError like `split`.
    """
    label = task.data.label(task.normal)
    each = _labelled(task, source, counts)
    return counts[label] - held_of(counts, label), each * len(task.anomaly_classes)


def possible_regimes(data: Description, counts: list[int], normal: str) -> tuple[str, ...]:
    """Return the regimes that the training images allow, when class k has counts[k] of them.

    `seen` needs labelled anomalies of every anomaly class, `unseen` also needs a second anomaly class.
    """
    others = [label for label, name in enumerate(data.classes) if name != normal]
    free = [counts[label] - held_of(counts, label) for label in others]
    if not free or not all(free):
        return ("one-class",)
    return REGIMES if len(free) > 1 else ("seen", "one-class")


def default_anomalies(data: Description, counts: list[int], normal: str, left_out: str | None = None) -> int:
    """Return the default number of labelled anomalies: about 6,000, or fewer when the classes have fewer.

    `counts` are the training images of each class. Without an anomaly class it is 0.
    """
    labels = [data.label(name) for name in data.classes if name not in (normal, left_out)]
    return min(ANOMALIES, _fewest(counts, labels) * len(labels))


def _fewest(counts: list[int], labels: list[int]) -> int:
    """Return how many labelled images every class of `labels` has at least for training; 0 without a class."""
    return min((counts[label] - held_of(counts, label) for label in labels), default=0)


def _labelled(task: Task, source: Source, counts: list[int]) -> int:
    """Return the number of labelled anomalies of each class in training. Raises DataError when a class has fewer."""
    each = task.anomalies // max(1, len(task.anomaly_classes))
    left = _fewest(counts, [task.data.label(name) for name in task.anomaly_classes])
    if each > left:
        raise DataError(
            f"{task.anomalies} labelled anomalies were asked for, but {source.name} has at most "
            f"{left * len(task.anomaly_classes)} that are not held out for validation, the same number of each class. Ask for fewer"
            + ("." if source.complete else ", or fetch the whole training split.")
        )
    return each


def test_roles(task: Task, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two boolean masks [N] over the test labels: the normal images, and the anomalies of this task.

    In the unseen regime the images of the other eight classes are in neither mask.
    """
    normal = labels == task.data.label(task.normal)
    anomaly = np.isin(labels, [task.data.label(name) for name in task.test_classes])
    return normal, anomaly
