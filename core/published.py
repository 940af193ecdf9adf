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
_AGAD = "AGAD, Tables 1–2, partly quoting Ruff et al. 2020"
_GENERAL = "GeneralAD, its table; features pretrained on ImageNet"

PUBLISHED = (
    Published("Slide deck, traditional GAN", "seen", 0.8699, None, "the deck this project started from"),
    Published("Slide deck, DCGAN", "seen", 0.8993, None, "the deck this project started from"),
    Published("Kim et al.", "seen", 0.995, 0.986, _KIM + "; one run, no seeds"),
    Published("Autoencoder", "one-class", 0.716, 0.809, _KIM),
    Published("GANomaly", "one-class", 0.803, 0.809, _KIM),
    Published("ADGAN", "one-class", 0.899, 0.884, _KIM),
    Published("Deep SVDD", "one-class", None, 0.892, _AGAD),
    Published("OC-SVM on autoencoder features", "one-class", None, 0.912, _AGAD),
    Published("GeoTrans", "one-class", 0.994, 0.935, _KIM),
    Published("ARNet", "one-class", 0.927, 0.939, _KIM),
    Published("ESAD", "one-class", None, 0.940, _AGAD),
    Published("PatchCore, pretrained", "one-class", None, 0.774, _GENERAL),
    Published("ReContrast, pretrained", "one-class", None, 0.924, _GENERAL),
    Published("RDAD, pretrained", "one-class", None, 0.950, _GENERAL),
    Published("GeneralAD, pretrained", "one-class", None, 0.952, _GENERAL),
    Published("PANDA, pretrained", "one-class", None, 0.956, _GENERAL),
)
