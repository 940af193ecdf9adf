"""python -m core results: measure what results.csv does not have yet."""

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from core.basics.errors import ConfigError
from core.basics.names import STUDIES
from core.commands.documents import write_documents
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import REGIMES

if TYPE_CHECKING:
    import pandas as pd

    from core.study.plan import Cell

CLASSES = FASHION_MNIST.description.classes


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "results",
        help="measure what is missing in results.csv",
        description="Measure every method, regime, class and seed that results.csv does not have yet. Can be interrupted at any point.",
    )
    parser.add_argument("--check", action="store_true", help="recompute the shipped models' test AUROC and compare")
    parser.add_argument(
        "--normal",
        nargs="+",
        choices=CLASSES,
        default=CLASSES,
        metavar="CLASS",
        help="only these",
    )
    parser.add_argument("--regime", nargs="+", choices=REGIMES, default=REGIMES, help="only these")
    parser.add_argument("--method", nargs="+", metavar="NAME", help="only these GANs or baselines")
    parser.add_argument(
        "--study",
        nargs="+",
        choices=STUDIES,
        default=STUDIES,
        help="the main table, the ablation, or the imbalance curve",
    )
    parser.add_argument("--seeds", type=int, metavar="N", help="only seeds below N")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="cells at a time (default: 1)")
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is there, tcp://HOST:8786"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from tqdm import tqdm

    from core.study import plan, results, sweep

    if options.check:
        wrong = sweep.check()
        for line in wrong:
            print(f"misfit: {line}", file=sys.stderr)
        print(
            "results.csv and the shipped weights disagree." if wrong else "results.csv agrees with the shipped weights."
        )
        return 2 if wrong else 0
    if not options.workers:
        raise ConfigError("--workers is 0; it must be at least 1.")
    planned = {study: cells() for study, cells in plan.STUDIES.items()}
    methods = list(dict.fromkeys(cell.method for cells in planned.values() for cell in cells))
    if unknown := set(options.method or ()) - set(methods):
        raise ConfigError(f"There is no method called {min(unknown)!r:.80}; there are: {', '.join(methods)}.")
    cells = [
        cell
        for study in options.study
        for cell in planned[study]
        if cell.task.normal in options.normal
        and cell.task.regime in options.regime
        and (not options.method or cell.method in options.method)
        and (options.seeds is None or cell.seed < options.seeds)
    ]
    if gone := results.drop_gone():
        print(f"{gone} rows were of recipes that are gone; they are no longer in {results.CSV.name}.", file=sys.stderr)
    todo = results.missing(cells)
    print(f"{len(cells) - len(todo)} of {len(cells)} cells are measured; {len(todo)} to go.", file=sys.stderr)
    with contextlib.ExitStack() as stack, tqdm(total=len(todo), unit="cell", file=sys.stderr) as bar:
        workers = stack.enter_context(sweep.dask_cluster(options.dask)) if options.dask else options.workers
        for title, row, defects in sweep.run(todo, workers):
            bar.update()
            told = [f"AUROC {row['auroc']:.4f} in {row['seconds']:.0f} s"] if row else []
            told += [f"{len(defects)} rows of defects"] if defects else []
            bar.write(f"{title}: {', '.join(told)}", file=sys.stderr)
    _print_measured(cells, results.read())
    return write_documents()


def _print_measured(cells: "list[Cell]", rows: "pd.DataFrame") -> None:
    """Print the figures of `cells` that are in results.csv: a line for each training, then the means."""
    from core.study import figures, reporting

    rows = rows[rows["recipe"].isin([cell.recipe for cell in cells])]
    titles = {cell.recipe: cell.title for cell in cells}
    for row in rows.to_dict("records"):
        interval = f"{row['auroc_low']:.3f}–{row['auroc_high']:.3f}"
        print(f"{titles[row['recipe']]}: AUROC {row['auroc']:.3f} (95 % interval over test images {interval})")
    for line in figures.summary(rows).to_dict("records"):
        summary = {head: reporting.summary_cell(line, name) for head, (name, _) in reporting.SUMMARY.items()}
        means = ", ".join(f"{head} {cell}" for head, cell in summary.items() if cell != "–")
        print(f"{line['method']}, {line['regime']} regime: {means}")
