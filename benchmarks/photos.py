"""How well both GANs and the baselines see what is wrong on photographs: figures into docs/photos.csv, a table into docs/photos-results.md.

usage: python -m benchmarks.photos [--only TEXT] [--seeds N] [--threads N]      goes on where it was

Everything is trained with the defaults for such photos (core/gans/recipes.py), except that coins may lie in any turn (turn=180).
The test photos have defects as a model card's have (core/data/photo_damage.py), a third of them small, medium and large. They have
chosen nothing: the settings were tried on brick alone, with validation tiles that were damaged by core/gans/defects.py with
another seed and by core/data/damage.py.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
import numpy as np

from benchmarks import photo_sets, rows
from benchmarks.photo_sets import TEXTURES, Photos
from core.basics.files import ROOT, write_whole
from core.basics.names import MODEL_NAMES
from core.basics.processors import processors
from core.basics.text import markdown_table
from core.data.damage import SIZES, Damaged
from core.data.photo_damage import KINDS, damage
from core.data.tasks import Split
from core.gans.config import CONFIGS
from core.gans.recipes import default_config
from core.metrics import localisation
from core.metrics.evaluation import auroc
from core.store.baselines import PIXEL_METHODS

CSV, TABLE = ROOT / "docs" / "photos.csv", ROOT / "docs" / "photos-results.md"
COLUMNS = ("photos", "regime", "method", "seed", "kind", "auroc", "pixel_auroc", "steps", "cpu_seconds", "seconds")
SETS = ("brick", "coins", "faces", "coins, 10 of each kind", "gravel", "grass")
OTHERS = "others"  # other pictures, not a defect


class Trial(NamedTuple):
    """One training, or one baseline, on one set of photos."""

    photos: str
    method: str
    seed: int


class Case(NamedTuple):
    """What a trial gets: the split, the good test photos, and the bad ones by kind, with masks where a defect is somewhere."""

    split: Split
    good: np.ndarray
    bad: dict[str, tuple[np.ndarray, np.ndarray | None]]
    changes: dict[str, object]


def case(name: str) -> Case:
    """Make the photos of a set; the same every time."""
    if name == "faces":
        photos, others = photo_sets.faces()
        data = photo_sets.describe(28, 1)
        return Case(photo_sets.split(photos, data), photos.good, {OTHERS: (others, None)}, {})
    foreign = photo_sets.others(name if name in TEXTURES else "gravel")
    changes: dict[str, object] = {}
    labelled, others = None, foreign
    if name in TEXTURES:
        photos = photo_sets.tiles(name)
    else:
        each = 10 if name != "coins" else 0
        photos, whole, inside = photo_sets.coins(len(KINDS), each)
        changes, others = {"turn": 180}, np.empty(0)
        if each:
            parts = [slice(place * each, (place + 1) * each) for place in range(len(KINDS))]
            made = [_damaged(whole[part], kind, foreign, inside[part]) for kind, part in zip(KINDS, parts, strict=True)]
            labelled = np.concatenate([one.images[one.visible] for one in made])
    bad: dict[str, tuple[np.ndarray, np.ndarray | None]] = {}
    for kind in KINDS:
        damaged = _damaged(photos.to_damage, kind, foreign, photos.inside)
        bad[kind] = damaged.images[damaged.visible], damaged.masks[damaged.visible]
    if len(others):
        bad[OTHERS] = others, None
    data = photo_sets.describe(photo_sets.SIDE, 3)
    return Case(_labelled(photos, photo_sets.split(photos, data), labelled), photos.good, bad, changes)


def _damaged(images: np.ndarray, kind: str, donors: np.ndarray, things: np.ndarray | None) -> Damaged:
    """Damage images uint8 [N, H, W, C], in turns small, medium and large."""
    result, masks = images.copy(), np.zeros(images.shape[:3], bool)
    for turn, size in enumerate(SIZES):
        some = slice(turn, None, len(SIZES))
        made = damage(images[some], kind, size, 0, donors, None if things is None else things[some])
        result[some], masks[some] = made.images, made.masks
    return Damaged(result, masks)


def _labelled(photos: Photos, split: Split, labelled: np.ndarray | None) -> Split:
    """Put the labelled bad photos into the split: every fifth into validation, the others into training."""
    if labelled is None:
        return split
    held = np.arange(len(labelled)) % 5 == 0
    return Split(split.data, photos.train, labelled[~held], photos.validation, labelled[held])


def measure(trial: Trial, case: Case) -> Iterator[list[object]]:
    """Train and yield a row for each kind of bad photo."""
    regime = "seen" if len(case.split.train_anomaly) else "one-class"
    steps, cpu, wall = 0, time.process_time(), time.perf_counter()
    look: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
    if trial.method in CONFIGS:
        look, steps = _trained(trial, case, regime)
    else:
        method = PIXEL_METHODS[trial.method]
        everything = [case.good, *(images for images, _ in case.bad.values())]
        scores = iter(
            np.split(
                method(case.split.train_normal, np.concatenate(everything), trial.seed),
                np.cumsum([*map(len, everything)])[:-1],
            )
        )
        look = lambda images: (next(scores), None)  # noqa: E731  # in the order in which they are asked for
    took = round(time.process_time() - cpu, 1), round(time.perf_counter() - wall, 1)
    good, _ = look(case.good)
    for kind, (images, masks) in case.bad.items():
        scores_, maps = look(images)
        pixels = "" if masks is None or maps is None else f"{localisation.pixel_auroc(maps, masks):.4f}"
        yield [
            trial.photos,
            regime,
            trial.method,
            trial.seed,
            kind,
            f"{auroc(good, scores_):.4f}",
            pixels,
            steps,
            *took,
        ]


def _trained(
    trial: Trial, case: Case, regime: str
) -> tuple[Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], int]:
    """Train a GAN and choose its score as a saved model's is; return what gives scores and heat maps, and the steps."""
    from core.gans import maps, scoring
    from core.gans.training import Training

    config = default_config(trial.method, regime, data=case.split.data, normals=len(case.split.train_normal))
    training = Training(trial.method, msgspec.structs.replace(config, **case.changes), case.split, trial.seed, "cpu")
    generator = training.finish()

    def look(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        made = scoring.reconstruct(generator, images)
        return maps.score_reconstructions(images, made, generator.share), maps.heat(images, made)

    return look, training.steps * config.epochs


def trials(seeds: int) -> list[Trial]:
    """List all trials, one seed of everything first."""
    planned = [
        Trial(name, method, seed)
        for seed in range(seeds)
        for methods in (("dcgan",), ("traditional",), PIXEL_METHODS)
        for name in SETS
        for method in methods
    ]
    return [trial for trial in planned if trial.method in CONFIGS or (trial.seed == 0 and "10 of" not in trial.photos)]


def document(found: list[dict[str, str]]) -> str:
    """Write the rows as tables: image AUROC and pixel AUROC of each kind, the mean over seeds."""
    parts: list[str] = []
    for name in SETS:
        own = [row for row in found if row["photos"] == name]
        kinds = list(dict.fromkeys(row["kind"] for row in own))
        table = []
        for method in dict.fromkeys(row["method"] for row in own):
            mine = [row for row in own if row["method"] == method]
            defects = [row for row in mine if row["kind"] != OTHERS]
            cells = [_cell([row for row in mine if row["kind"] == kind]) for kind in kinds]
            table.append(
                [
                    MODEL_NAMES.get(method, method),
                    _cell(defects) or "",
                    *cells,
                    f"{float(mine[0]['cpu_seconds']):.0f} s",
                ]
            )
        if table:
            regime = own[0]["regime"]
            parts.append(
                f"## {name.capitalize()}, {regime}\n\n" + markdown_table(["", "mean of defects", *kinds, "CPU"], table)
            )
    head = (
        "# Photos\n\nWritten by `python -m benchmarks.photos` from photos.csv. Image AUROC / pixel AUROC (the mean over images, where a "
        "method marks pixels); one training of each method unless more seeds are in photos.csv, then the mean. *others* are other pictures: other textures, or what is no face. CPU seconds are of "
        "training and of choosing the score. What has no row has not been measured yet.\n\n"
    )
    return head + "\n\n".join(parts) + "\n"


def _cell(own: list[dict[str, str]]) -> str:
    """Write the mean AUROC of rows, and the mean pixel AUROC where there is one."""
    if not own:
        return ""
    pixels = [float(row["pixel_auroc"]) for row in own if row["pixel_auroc"]]
    image = f"{np.mean([float(row['auroc']) for row in own]):.3f}"
    return f"{image} / {np.mean(pixels):.3f}" if pixels else image


def main() -> None:
    """Run what is not in docs/photos.csv yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="trials whose set and method contain that text")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=processors())
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    for trial in trials(options.seeds):
        known = {(row["photos"], row["method"], row["seed"]) for row in rows.read(CSV)}
        if (
            options.only in f"{trial.photos}, {trial.method}"
            and (trial.photos, trial.method, str(trial.seed)) not in known
        ):
            made = [dict(zip(COLUMNS, row, strict=True)) for row in measure(trial, case(trial.photos))]
            write_whole(TABLE, document(rows.add(CSV, made)).encode())
            print(
                trial.photos,
                trial.method,
                trial.seed,
                [(row["kind"], row["auroc"], row["pixel_auroc"]) for row in made],
                flush=True,
            )


if __name__ == "__main__":
    main()
