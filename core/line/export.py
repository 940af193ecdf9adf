"""A model as one file that runs without Misfit: the network, its score and its card. Written only if its scores are ours."""

import contextlib
import importlib
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.basics.errors import DataError, MisfitError
from core.basics.files import write_whole
from core.store import card
from core.store.checkpoints import Checkpoint

FORMATS = ("onnx", "torch-export")
SUFFIXES = {"onnx": ".onnx", "torch-export": ".pt2"}
LARGEST = 1e-4  # difference of a score, on the scale 0 to 2, with which a file is still written
NEEDED = ("onnx", "onnxscript", "onnxruntime")
IMAGES, SEED = 96, 0  # of the comparison: so many test images, as many of noise
Run = Callable[[np.ndarray], np.ndarray]  # uint8 [N, H, W, C] → scores [N]


def export(checkpoint: Checkpoint, format: str, path: Path) -> float:
    """Write the model to `path`, whole or not at all; return the largest difference of its scores to ours.

    Raises MisfitError when a package is missing or the scores are not ours, OSError when the disk refuses.
    """
    _check_packages(format)
    from core.line.graph import traced

    generator = checkpoint.generator()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its insides
        program = traced(generator)
        content, run = (_onnx if format == "onnx" else _torch_export)(program, metadata(checkpoint))
    difference = compare(checkpoint, run)
    if not difference <= LARGEST:  # nan is not, either
        raise MisfitError(
            f"The exported scores differ by {difference:.2g} from Misfit's, more than {LARGEST:g}; nothing was written."
        )
    write_whole(path, content)
    return difference


def metadata(checkpoint: Checkpoint) -> dict[str, str]:
    """Return what the file says about itself, by name; `thresholds`, `input` and `card` are JSON."""
    data = checkpoint.task.data
    return {
        "producer": "Misfit",
        "thresholds": json.dumps(checkpoint.card.thresholds.known | {"default": checkpoint.threshold}),
        "input": json.dumps({"height": data.side, "width": data.side, "channels": data.channels}),
        "meaning": "score from 0 to 2, higher = more anomalous; an image is an anomaly when its score >= the threshold",
        "card": json.dumps(json.loads(card.encode(checkpoint.card))),
    }


def compare(checkpoint: Checkpoint, run: Run) -> float:
    """Return the largest difference between the scores that `run` gives and ours, on test images, if they are here, and noise.

    Every image is scored with others; the first ones alone, too.
    """
    from core.gans import scoring

    images = np.random.default_rng(SEED).integers(0, 256, (IMAGES, *checkpoint.task.data.shape), np.uint8)
    with contextlib.suppress(DataError):  # a model that was carried here without its images
        images = np.concatenate([checkpoint.test_images().images[:IMAGES], images])
    ours = scoring.score(checkpoint.generator(), images)
    alone = np.concatenate([run(images[place : place + 1]) for place in range(3)])
    differences = np.abs(np.concatenate([run(images) - ours, alone - ours[:3]]))
    return float(differences.max())


def _onnx(program: Any, facts: dict[str, str]) -> tuple[bytes, Run]:
    import onnxruntime
    import torch

    from core.line.graph import OUTPUTS

    made = torch.onnx.export(program, input_names=["images"], output_names=list(OUTPUTS), dynamo=True, verbose=False)
    assert made is not None  # it is None only if it writes a file itself
    model = made.model_proto
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, *model.functions):
        del part.metadata_props[:]  # where on this machine each operation came from
    del model.graph.metadata_props[:]
    for name in ("input", "output"):
        getattr(model.graph, name)[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    for name, text in facts.items():
        model.metadata_props.add(key=name, value=text)
    content = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return content, lambda images: session.run(["score"], {"images": images})[0]


def _torch_export(program: Any, facts: dict[str, str]) -> tuple[bytes, Run]:
    import torch

    file = io.BytesIO()
    torch.export.save(program, file, extra_files={f"{name}.txt": text for name, text in facts.items()})
    module = program.module()  # nothing is loaded that might hold a pickle, not even our own
    return file.getvalue(), lambda images: module(torch.from_numpy(images))[0].numpy()


def _check_packages(format: str) -> None:
    for name in NEEDED if format == "onnx" else ():
        try:
            importlib.import_module(name)
        except ImportError:
            raise MisfitError(
                f"The export to ONNX needs the package {name}: `pip install -r requirements-export.txt`, or choose "
                "--format torch-export."
            ) from None
