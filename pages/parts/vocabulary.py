"""Every term of the pages, in plain words. Pages, tables and cards use only the name in this list."""

from core.basics.names import REGIME_HELP
from pages.parts.terms import INSIDE, Term

GROUPS: dict[str, tuple[Term, ...]] = {
    "The task": (
        Term("Normal class", "The one kind of image that belongs. You choose it in the sidebar.", ("in-distribution",)),
        Term(
            "Anomaly",
            "An image of any other class: what does not belong, the bad apple on the packing line.",
            ("outlier", "positive"),
        ),
        Term(
            "Training, validation and test images",
            "Training images teach the model. Validation images are held back from them to place thresholds. Test images "
            "choose nothing: they are kept for the figures that are reported.",
            ("split",),
        ),
        Term(
            "Data set",
            "The images that models learn from and are tested on: Fashion-MNIST, or photos that were kept on the page Data.",
            ("own photos",),
        ),
        Term(
            "Check",
            "What is looked for in photos before anything is trained: too few, unreadable, blank, twice, or told apart by the light alone.",
            ("validation of data", "data quality"),
        ),
        Term(
            "Near copy",
            "A photo that looks nearly the same as another of its set, such as the next one of a burst. Near copies stay in the same split, so "
            "that the test holds nothing that was in training.",
            ("duplicate", "burst", "leak"),
        ),
        Term(
            "Regime",
            "Which anomalies the model was allowed to learn from. Figures of different regimes answer different questions "
            "and never stand in one column.",
        ),
        Term("Seen", REGIME_HELP["seen"], ("supervised",)),
        Term("Unseen", REGIME_HELP["unseen"], ("leave one class out", "left out")),
        Term("One-class", REGIME_HELP["one-class"], ("unsupervised",)),
    ),
    "From an image to a verdict": (
        Term(
            "Reconstruction",
            "The image as the model redraws it: as it would be if it were normal. An anomaly comes back changed.",
            ("reconstructing", "as it would be if it were normal", "G(x)"),
        ),
        Term(
            "Repair",
            "The reconstruction of a normal image with a defect: without it. Models learn it on randomly damaged training images.",
            ("inpainting", "synthetic defects"),
        ),
        Term(
            "Residual",
            "The absolute difference between image and reconstruction at each pixel, from 0 to 2.",
            ("error map",),
        ),
        Term(
            "Heat map",
            "The residual, smoothed a little, and less beside edges, which are never redrawn to the last pixel. It marks what is odd.",
            ("anomaly map", "saliency"),
        ),
        Term(
            "Mark",
            "The heat from which on a pixel is outlined as odd: one normal validation image in twenty has such a pixel. Each model has its own.",
            ("outline", "odd spot"),
        ),
        Term(
            "Anomaly score",
            "How much the model changes the image, from 0 to 2: the mean residual, with a share of the largest heat, which sees small defects "
            "and is on the model's card. Higher is more anomalous. It is no probability and ignores other images.",
            ("score", "reconstruction error", "share"),
        ),
        Term(
            "Percentile",
            "The share of normal validation images that score no higher. At 99 % the image is stranger than nearly all of them.",
        ),
        Term("Threshold", "The score from which on an image is flagged. You choose it.", ("cut-off", "limit")),
        Term(
            "Verdict",
            "One word for an image: normal (its score is below the threshold), anomaly (at or above it), or can't tell: it is "
            "far from every training image of every class, so its score says nothing, be it high or low.",
            ("can't tell", "no garment", "stranger"),
        ),
        Term("Flagged", "Scored at or above the threshold, and so called an anomaly."),
        Term("Caught", "An anomaly that is flagged.", ("true positive",)),
        Term("Missed", "An anomaly that is not flagged.", ("false negative",)),
        Term("False alarm", "A normal image that is flagged.", ("false positive",)),
        Term("Passed", "A normal image that is not flagged.", ("true negative",)),
    ),
    "How good it is": (
        Term(
            "True-positive rate (TPR)",
            "The share of anomalies that are caught.",
            ("recall", "sensitivity", "detection rate"),
        ),
        Term(
            "False-positive rate (FPR)",
            "The share of normal images that are flagged.",
            ("false-alarm rate", "fall-out"),
        ),
        Term(
            "Precision", "The share of flagged images that really are anomalies. It depends on how rare anomalies are."
        ),
        Term("ROC curve", "TPR against FPR for every possible threshold.", ("receiver operating characteristic",)),
        Term(
            "AUROC",
            "The area under the ROC curve: the chance that a random anomaly scores higher than a random normal image. 0.5 is "
            "guessing, 1 is perfect. It needs no threshold.",
            ("AUC", "ROC AUC"),
        ),
        Term(
            "Average precision",
            "Precision, averaged over all shares of anomalies caught, here as if 5 % of items were anomalies.",
            ("AP",),
        ),
        Term(
            "Operating point",
            "A threshold with a reason, such as at most 5 % false alarms. Chosen on validation images.",
        ),
        Term(
            "Youden J",
            "TPR − FPR. Misfit starts at the threshold where it is largest; for a one-class model, which was shown no labelled "
            "anomaly, at the one with at most 5 % false alarms.",
            ("Youden's index",),
        ),
        Term(
            "Prevalence",
            "How many of all items really are anomalies. In Fashion-MNIST's test it is 90 % (unseen: 50 %), on a real line far less.",
            ("share of anomalies", "rarity"),
        ),
        Term(
            "Expected cost",
            "What mistakes cost an item on average, for the costs and the share of anomalies that you state.",
        ),
        Term(
            "Pixel AUROC",
            "The chance that a pixel on a defect is hotter in the heat map than one beside it, on average over images whose defect is marked.",
            ("localisation", "segmentation", "mask"),
        ),
        Term(
            "AUPRO",
            "How much of each defective region is covered when up to 30 % of the other pixels are flagged too; 0 to 1.",
            ("per-region overlap",),
        ),
        Term("Hit", "The hottest spot of the heat map is on the defect."),
        Term(
            "Synthetic defect",
            "A spot, scratch, blur or the like that is drawn on a good test photo by code that training never uses. It says what a model "
            "would see where no bad photo is at hand, and chooses nothing.",
            ("test defect", "damage"),
        ),
        Term(
            "95 % interval",
            "Where the figure would plausibly lie with other images of the same kind: the narrower, the surer.",
            ("confidence interval",),
        ),
        Term(
            "Spread over classes",
            "How unlike the classes are: the hardest and the easiest, or the SD between them. The classes are all there are, so it is no "
            "interval: it says nothing about other images or another training.",
            ("SD over classes", "SD over left-out classes"),
        ),
        Term(
            "SD over seeds",
            "How far trainings that differ only in their seed, the number that starts the random draws, lie apart. SD is the standard "
            "deviation.",
            ("seed", "spread"),
        ),
        Term(
            "SSIM",
            "Structural similarity of an image and its reconstruction; 1 is identical.",
            ("structural similarity",),
        ),
    ),
    "Inside the models": INSIDE,
}
TERMS = tuple(term for terms in GROUPS.values() for term in terms)


def find(text: str) -> dict[str, list[Term]]:
    """Return the terms, by group, with `text` in name, other names or meaning; case is ignored. All terms for ""."""
    wanted = text.strip().casefold()
    hits = {
        group: [t for t in terms if wanted in " ".join((t.name, *t.also, t.meaning)).casefold()]
        for group, terms in GROUPS.items()
    }
    return {group: terms for group, terms in hits.items() if terms}


def article(noun: str) -> str:
    """Put "a" or "an" before a noun."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"
