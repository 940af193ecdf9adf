"""Figures from the literature, each with its regime. Ours never stand in the same column as another regime's."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """AUROC as printed: `t_shirt` with T-shirt/top as the normal class, `mean` over the ten classes; None: not given."""

    method: str
    regime: str
    t_shirt: float | None
    mean: float | None
    source: str


_KIM = "Kim et al. 2020, Table 5"
_DECK = "the deck this project started from"
DECK = {"traditional": 0.8699, "dcgan": 0.8993}  # T-shirt/top normal, seen
_SURVEY = "as collected by Kim et al. (Table 5), AGAD (Tables 1–2, partly quoting Ruff et al. 2020) and GeneralAD"

PUBLISHED = (
    Published("Slide deck, traditional GAN", "seen", DECK["traditional"], None, _DECK),
    Published("Slide deck, DCGAN", "seen", DECK["dcgan"], None, _DECK),
    Published("Kim et al.", "seen", 0.995, 0.986, _KIM + "; one run, no seeds"),
    Published("Autoencoder", "one-class", 0.716, 0.809, _SURVEY),
    Published("GANomaly", "one-class", 0.803, 0.809, _SURVEY),
    Published("ADGAN", "one-class", 0.899, 0.884, _SURVEY),
    Published("Deep SVDD", "one-class", None, 0.892, _SURVEY),
    Published("OC-SVM on autoencoder features", "one-class", None, 0.912, _SURVEY),
    Published("GeoTrans", "one-class", 0.994, 0.935, _SURVEY),
    Published("ARNet", "one-class", 0.927, 0.939, _SURVEY),
    Published("ESAD", "one-class", None, 0.940, _SURVEY),
    Published("PatchCore, pretrained", "one-class", None, 0.774, _SURVEY),
    Published("ReContrast, pretrained", "one-class", None, 0.924, _SURVEY),
    Published("RDAD, pretrained", "one-class", None, 0.950, _SURVEY),
    Published("GeneralAD, pretrained", "one-class", None, 0.952, _SURVEY),
    Published("PANDA, pretrained", "one-class", None, 0.956, _SURVEY),
)
