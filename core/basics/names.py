"""The names of models, methods, regimes and studies, the same on every page, in every table and on every card.

Costs nothing to import. The terms themselves are explained in pages/parts/vocabulary.py.
"""

MODEL_NAMES = {"traditional": "Traditional GAN", "dcgan": "DCGAN"}
METHOD_NAMES = MODEL_NAMES | {
    "isolation forest": "Isolation forest",
    "supervised CNN": "Supervised CNN",
    "fusion": "Fusion of three",
    "pixel z-score": "Pixel z-score",
    "nearest normals": "Nearest normals",
}

# A sentence or two, shown beside a figure.
REGIME_HELP = {
    "seen": "Labelled anomalies of all other classes were in training. A supervised figure.",
    "unseen": "One anomaly class was kept out of training and is the only one in the test.",
    "one-class": "Only normal images were in training.",
}
# Shown above a table of one regime: what its figures mean and what they may be compared with.
REGIME_QUESTIONS = {
    "seen": "Labelled anomalies of the same nine classes were in training. A supervised figure: compare it with the CNN's, "
    "not with one-class methods.",
    "unseen": "One anomaly class was kept out of training and is the only one in the test; a row is the mean over the nine "
    "classes left out in turn, with T-shirt/top normal.",
    "one-class": "No anomaly was in training. (The GANs are shown normal images that were turned, squeezed or stretched, as "
    "pseudo-anomalies. The fusion is three methods: the traditional GAN, kNN, and a network that names turned and moved copies.)",
}

# Shown below the table of a regime: how labels that the regime does not allow have influenced its figures.
CHOSEN_WITH_LABELS = {
    "unseen": "The recipe was chosen with labelled validation anomalies of all nine classes, the left-out one among them, which this "
    "regime denies; the figures may flatter both GANs.",
    "one-class": "The GANs' epochs, loss weights and kinds of pseudo-anomaly were chosen with labelled validation anomalies, which this regime "
    "denies; the figures may flatter both GANs, and the fusion, which contains the traditional one.",
}
# How the first threshold is chosen, by the name of the operating point (Checkpoint.point).
STARTS = {
    "youden": "the largest Youden J on validation images",
    "fpr_5": "at most 5 % false alarms on normal validation images, because in this regime no anomaly is labelled",
}

BACKGROUNDS = {"auto": None, "dark": False, "light": True}  # of a picture that is brought: whether it is inverted
STUDIES = ("main", "ablation", "imbalance")  # core/study/plan.py plans each
