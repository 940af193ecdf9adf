"""Figures from the literature, each with its regime. Figures of two regimes never share a column."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """AUROC as printed: `t_shirt` with T-shirt/top normal, `mean` over the ten classes; None: not given."""

    method: str
    regime: str
    t_shirt: float | None
    mean: float | None
    source: str


_DECK = "the deck this project started from"
DECK = {"traditional": 0.8699, "dcgan": 0.8993}  # T-shirt/top normal, seen
_KIM = "Kim et al. 2020, Table 5"
_GOAD = "Bergman and Hoshen 2020 (arXiv 2005.02359), Table 2"
_AGAD = "Shi et al. 2023 (AGAD, arXiv 2304.04211), Table 2"
_AGAD_RUFF = "Shi et al. 2023 (AGAD, arXiv 2304.04211), Tables 1–2, quoting Ruff et al. 2020"
_GENERAL = "Sträter et al. 2024 (GeneralAD, arXiv 2407.12427), its one-class table"

# The source is the paper whose table has the figure; that table may quote the method's own paper.
PUBLISHED = (
    Published("Slide deck, traditional GAN", "seen", DECK["traditional"], None, _DECK),
    Published("Slide deck, DCGAN", "seen", DECK["dcgan"], None, _DECK),
    Published("Kim et al.", "seen", 0.995, 0.986, _KIM + "; one run, no seeds"),
    Published("Autoencoder", "one-class", 0.716, 0.809, _KIM),
    Published("GANomaly", "one-class", 0.803, 0.809, _KIM),
    Published("ADGAN", "one-class", 0.899, 0.884, _KIM),
    Published("Deep SVDD", "one-class", None, 0.892, _AGAD_RUFF),
    Published("OC-SVM on autoencoder features", "one-class", None, 0.912, _AGAD_RUFF),
    # Printed with 0.994 for T-shirt/top. In the same table OC-SVM's first two classes look exchanged: none of its
    # parameters reaches 0.982 for T-shirt/top. Exchanged or not, the mean is the same.
    Published("GeoTrans", "one-class", None, 0.935, _GOAD + "; T-shirt/top left out: two classes look exchanged there"),
    Published("ARNet", "one-class", 0.927, 0.939, _KIM),
    Published("ESAD", "one-class", None, 0.940, _AGAD),
    Published("GOAD", "one-class", 0.941, 0.941, _GOAD),
    Published("PatchCore, pretrained", "one-class", None, 0.774, _GENERAL),
    Published("ReContrast, pretrained", "one-class", None, 0.924, _GENERAL),
    Published("RDAD, pretrained", "one-class", None, 0.950, _GENERAL),
    Published("GeneralAD, pretrained", "one-class", None, 0.952, _GENERAL),
    Published("PANDA, pretrained", "one-class", None, 0.956, _GENERAL),
)
