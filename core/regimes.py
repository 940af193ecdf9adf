"""Who is normal, and which anomalies are in training, validation and test.

Three regimes, never mixed in one column of a table:

seen       labelled anomalies from all nine other classes are in training; the test anomalies are of the same classes
           (Kim et al. 2020, and the slide deck). A supervised figure.
unseen     one anomaly class is left out of training and validation, and is the only anomaly class in the test.
one-class  no anomaly is in training.
"""

from dataclasses import dataclass

import numpy as np

from core.data import CLASSES, Images, Source, class_index
from core.errors import ConfigError, DataError

REGIMES = ("seen", "unseen", "one-class")
VALIDATION_SHARE = 0.1  # of each class of the training split; the same images whatever the model's seed
SPLIT_SEED = 2017  # fixed, so that every model of a class has the same validation images


@dataclass(frozen=True)
class Task:
    """What is to be learned.

    `anomalies` is how many labelled anomalies are in training, the same number from each anomaly class (rounded down,
    at least one each); 6,003 is Kim's "about 6,000". Ignored in the one-class regime, where it must be 0.
    """

    normal: str = "t-shirt"
    regime: str = "seen"
    anomalies: int = 6003
    left_out: str | None = None

    def __post_init__(self) -> None:
        class_index(self.normal)
        if self.regime not in REGIMES:
            raise ConfigError(f"Unknown regime {self.regime!r:.80}; the regimes are: {', '.join(REGIMES)}.")
        if (self.left_out is not None) != (self.regime == "unseen"):
            raise ConfigError("The unseen regime needs a left-out class, and no other regime has one.")
        if self.left_out is not None and class_index(self.left_out) == class_index(self.normal):
            raise ConfigError("The left-out class must be an anomaly class, not the normal one.")
        if self.regime == "one-class" and self.anomalies != 0:
            raise ConfigError("The one-class regime has no labelled anomalies in training: anomalies must be 0.")
        if self.regime != "one-class" and self.anomalies < len(self.anomaly_classes):
            raise ConfigError(
                f"anomalies is {self.anomalies!r:.80}; it must be at least {len(self.anomaly_classes)}, one of each anomaly class."
            )

    @property
    def anomaly_classes(self) -> tuple[str, ...]:
        """The classes whose labelled anomalies may be looked at before the test (training and validation)."""
        return tuple(name for name in CLASSES if name not in (self.normal, self.left_out))

    @property
    def labelled(self) -> int:
        """How many labelled anomalies are in training: `anomalies`, rounded down to the same number from each class."""
        return self.anomalies // len(self.anomaly_classes) * len(self.anomaly_classes)

    @property
    def test_classes(self) -> tuple[str, ...]:
        """The anomaly classes in the test."""
        return (self.left_out,) if self.left_out else self.anomaly_classes


@dataclass(frozen=True)
class Split:
    """Training and validation images of a task: uint8 [N, 28, 28] each. Disjoint, all from the training split.

    Validation anomalies stand in every regime. In the one-class regime they choose nothing: they are there to report a
    validation AUROC and what thresholds would do, and the threshold that is in force needs none (Checkpoint.point).
    """

    train_normal: np.ndarray
    train_anomaly: np.ndarray
    validation_normal: np.ndarray
    validation_anomaly: np.ndarray


def split(task: Task, train: Images) -> Split:
    """Carve training and validation images for `task` out of the training split. Depends on nothing but its arguments.

    Raises DataError when a class has too few images for the labelled anomalies asked for.
    """
    random = np.random.default_rng(SPLIT_SEED)
    order = {name: random.permutation(np.flatnonzero(train.labels == class_index(name))) for name in CLASSES}
    held = {name: int(len(order[name]) * VALIDATION_SHARE) for name in CLASSES}

    each = _labelled(task, train.source, [len(order[name]) for name in CLASSES])

    def pick(indices: list[np.ndarray]) -> np.ndarray:
        return train.images[np.concatenate(indices)] if indices else train.images[:0].copy()

    return Split(
        train_normal=pick([order[task.normal][held[task.normal] :]]),
        # Validation takes the front of each class's order, training the next `each`: a longer list keeps the shorter
        # one's images, so that curves over the number of anomalies compare like with like.
        train_anomaly=pick([order[name][held[name] : held[name] + each] for name in task.anomaly_classes if each]),
        validation_normal=pick([order[task.normal][: held[task.normal]]]),
        validation_anomaly=pick([order[name][: held[name]] for name in task.anomaly_classes]),
    )


def sizes(task: Task, counts: list[int], source: Source) -> tuple[int, int]:
    """How many normals and labelled anomalies `split` puts into training when class k has counts[k] images.

    Raises DataError like `split`.
    """
    whole = counts[class_index(task.normal)]
    each = _labelled(task, source, counts)
    return whole - int(whole * VALIDATION_SHARE), each * len(task.anomaly_classes)


def _labelled(task: Task, source: Source, counts: list[int]) -> int:
    """Labelled anomalies of each class in training. Raises DataError when a class has fewer."""
    each = task.anomalies // len(task.anomaly_classes)
    for name in task.anomaly_classes:
        whole = counts[class_index(name)]
        left = whole - int(whole * VALIDATION_SHARE)
        if each > left:
            raise DataError(
                f"{task.anomalies} labelled anomalies were asked for, but {source.name} has at most "
                f"{left * len(task.anomaly_classes)} that are not held out for validation. Ask for fewer"
                + ("." if source.complete else ", or fetch the whole training split.")
            )
    return each


def test_roles(task: Task, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boolean masks [N] over the test labels: which images are normal, which are anomalies of this task.

    In the unseen regime the other eight classes are neither.
    """
    normal = labels == class_index(task.normal)
    anomaly = np.isin(labels, [class_index(name) for name in task.test_classes])
    return normal, anomaly
