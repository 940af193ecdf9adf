"""Leave-out folds: scores of training photos by models that have not seen them, so that few photos all serve the threshold.

The false-alarm thresholds come from normals that training has not seen. Of 60 good photos that is a dozen, and one odd photo
among them decides. Here the training normals are dealt into folds, and for each fold another model is trained without it, with
the same settings, and scores it. These models are thrown away; they differ from the one that is kept in a part of the photos.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.basics.errors import TrainingDiverged
from core.basics.files import sha256
from core.data.photos import likeness
from core.data.tasks import Split
from core.gans import scoring
from core.gans.config import TrainingConfig
from core.gans.maps import parts_of_score
from core.gans.training import Training

Parts = tuple[np.ndarray, np.ndarray]  # mean residual and largest heat of each image, float64 [N] each


def dealt(normals: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Deal images uint8 [N, H, W, C] into folds: int [N], from 0.

    Copies and near copies go into the same one, unless no more images than folds are left without them.
    """
    groups = likeness.groups([sha256(image.tobytes()) for image in normals], normals)
    if groups.max() < folds:
        groups = np.arange(len(normals))
    number = int(groups.max()) + 1
    return np.random.default_rng(seed).permutation(number)[groups] * folds // number


def left_out(
    model: str,
    config: TrainingConfig,
    split: Split,
    seed: int,
    device: str,
    folds: int,
    should_stop: Callable[[], bool],
    on_fold: Callable[[int], None],
) -> Parts | None:
    """Train a model without each fold of the training normals; return what the scores of the left-out ones are made of.

    In the order of `split.train_normal`. `on_fold` is told the number of each fold before it begins, from 1. None when it is
    stopped or a training diverges: some photos would then have no score.
    """
    normals = split.train_normal
    fold = dealt(normals, folds, seed)
    means, peaks = np.empty(len(normals)), np.empty(len(normals))
    for number in range(folds):
        on_fold(number + 1)
        kept, out = fold != number, fold == number
        training = Training(model, config, replace(split, train_normal=normals[kept]), seed, device)
        try:
            for _ in training.epochs(should_stop):
                pass
        except TrainingDiverged:
            return None
        if training.finished_epochs < config.epochs:
            return None
        images = normals[out]
        means[out], peaks[out] = parts_of_score(images, scoring.reconstruct(training.generator, images))
    return means, peaks
