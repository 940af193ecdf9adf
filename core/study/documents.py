"""README, RESULTS.md and the model cards, kept equal to results.csv and to the cards in the box.

`python -m core documents` writes what differs; with --check, as `make check` runs it, it names each difference instead.
"""

from itertools import zip_longest
from pathlib import Path

from core.basics.errors import MisfitError
from core.basics.files import ROOT, write_whole
from core.store import model_cards
from core.study import documents_text, figures, results

RESULTS = ROOT / "RESULTS.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- Figures: written by `python -m core documents`; do not edit. -->", "<!-- End of the figures. -->"
TOLERANCE = 1e-4  # between a card and its row: the sweep may have scored the model on another processor


def expected() -> dict[Path, str]:
    """Return the text that each document should have, by path.

    Raises MisfitError for a damaged table or card, or a README without marks.
    """
    rows = results.read()
    texts = {
        RESULTS: documents_text.markdown(rows, results.read_defects(), *results.progress()),
        **model_cards.documents(),
    }
    if README.exists():  # a container has none
        readme = README.read_text("utf-8")
        if readme.count(BEGIN) != 1 or readme.count(END) != 1:
            raise MisfitError(f"{README} needs the lines {BEGIN!r} and {END!r} once each, around its figures.")
        before, after = readme.partition(BEGIN)[0], readme.partition(END)[2]
        texts[README] = f"{before}{BEGIN}\n\n{documents_text.headline(rows)}\n\n{END}{after}"
    return texts


def write() -> list[Path]:
    """Write the documents that differ and return their paths. Raises MisfitError."""
    stale = {path: text for path, text in expected().items() if _read(path) != text}
    for path, text in stale.items():
        write_whole(path, text.encode())
    return list(stale)


def check() -> list[str]:
    """Return a line for each document that differs from its sources, and for each figure on a card in the box that
    differs from results.csv. Raises MisfitError.
    """
    differences = []
    for path, text in expected().items():
        lines, wanted = _read(path).splitlines(), text.splitlines()
        if lines != wanted:
            at = next(place for place, pair in enumerate(zip_longest(lines, wanted), 1) if pair[0] != pair[1])
            differences.append(f"{path.name} differs from results.csv and the cards, first in line {at}.")
    rows = results.read()
    for checkpoint in model_cards.boxed():
        card, task = checkpoint.card, checkpoint.task
        row = figures.training(rows, card.model, task.regime, task.normal, card.seed)
        name = f"checkpoints/{card.model}/{checkpoint.folder.name}"
        if row is None:
            differences.append(f"{name} has no row in results.csv; `python -m core results` measures it.")
            continue
        stated = {"validation_auroc": card.validation.auroc} | {
            figure: getattr(card.test, figure) for figure in ("auroc", "auroc_low", "auroc_high", "fpr_at_95tpr")
        }
        if not card.scoring.share:  # else the card's is the mean score, with the heat map's share in it
            stated["normal_error"] = card.test.normal_error
        differences += [
            f"{name}: {figure} is {value:.6f} on its card and {row[figure]:.6f} in results.csv."
            for figure, value in stated.items()
            if not abs(value - row[figure]) <= TOLERANCE
        ]
    return differences


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
