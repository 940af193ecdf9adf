"""Normal test images with a defect, through the chosen model: damaged images, heat maps and scores, made on demand."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data import photo_damage
from core.gans import maps
from core.metrics import evaluation, localisation
from pages.browse.look import Look
from pages.parts import damages, models

MOST = 60  # images
SEED = 20  # of the choice of images and of the damage


@dataclass(frozen=True)
class Sample:
    """N normal test images with a defect of one kind and size, in random order.

    numbers    int [N], in the test split
    images     uint8 [N, H, W, C], damaged; masks bool [N, H, W], where
    heats      float32 [N, H, W]; scores float32 [N]
    unseen     images that are left out because the defect cannot be seen on them
    """

    numbers: np.ndarray
    images: np.ndarray
    masks: np.ndarray
    heats: np.ndarray
    scores: np.ndarray
    unseen: int

    @property
    def on_defect(self) -> np.ndarray:
        """Say of each image whether the brightest pixel of its heat map is on the defect: bool [N]."""
        brightest = self.heats.reshape(len(self.heats), -1).argmax(1)
        return np.asarray(self.masks.reshape(len(self.masks), -1)[np.arange(len(brightest)), brightest])

    @property
    def counted(self) -> np.ndarray:
        """Say of each image whether a hit means anything, because not every pixel is damaged: bool [N]."""
        return localisation.usable(self.masks)

    def flagged(self, limit: float) -> np.ndarray:
        """Say of each image whether it is flagged at the threshold `limit`: bool [N]."""
        return np.asarray(evaluation.flagged(self.scores, limit))


def taken(look: Look, kind: str, size: str) -> Sample:
    """Damage at most MOST normal test images and run them through the chosen model, once for its weights.

    Imports torch. Raises CheckpointError.
    """
    return _taken(look.chosen.checkpoint.card.weights_sha256, look.test.fingerprint, kind, size, look)


@st.cache_resource(max_entries=24, show_spinner="Damaging images and repairing them…")
def _taken(weights_sha256: str, fingerprint: str, kind: str, size: str, _look: Look) -> Sample:
    chosen = _look.chosen
    numbers = np.random.default_rng(SEED).permutation(np.flatnonzero(chosen.normal))[:MOST]
    label = _look.data.label(chosen.checkpoint.task.normal)
    damaged = photo_damage.of_any_kind(_look.test.images[numbers], kind, size, SEED, damages.donors(_look.test, label))
    seen = damaged.visible
    images = damaged.images[seen]
    reconstructions = models.reconstruct(chosen, images)
    return Sample(
        numbers=numbers[seen],
        images=images,
        masks=damaged.masks[seen],
        heats=maps.heat(images, reconstructions),
        scores=maps.score_reconstructions(images, reconstructions, chosen.checkpoint.card.scoring.share),
        unseen=int((~seen).sum()),
    )
