import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from core.basics.errors import MisfitError
from core.basics.files import ROOT
from core.data.dataset import Description
from core.gans import maps, scoring
from core.gans.build import build
from core.gans.config import CONFIGS, config_class
from core.line import export, graph
from core.store import checkpoints

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def exported(pristine, tmp_path_factory) -> dict[str, Path]:
    """An ONNX file of each model."""
    folder = tmp_path_factory.mktemp("exported")
    for model, place in pristine.items():
        export.export(checkpoints.load(place), "onnx", folder / f"{model}.onnx")
    return {model: folder / f"{model}.onnx" for model in pristine}


@pytest.mark.parametrize("model", CONFIGS)
def test_every_output_is_ours_alone_and_in_company(model: str, exported, pristine, test_split) -> None:
    session = onnxruntime.InferenceSession(exported[model])
    generator = checkpoints.load(pristine[model]).generator()
    images = test_split.images[:60]
    reconstructions = scoring.reconstruct(generator, images)
    ours = {
        "score": scoring.score(generator, images),
        "residual": maps.residual(images, reconstructions),
        "heat": maps.heat(images, reconstructions),
    }
    for batch in (1, 7, 60):
        for name, expected in ours.items():
            parts = [session.run([name], {"images": images[at : at + batch]})[0] for at in range(0, 60, batch)]
            found = np.concatenate(parts)
            assert found.dtype == np.float32 and np.abs(found - expected).max() <= 1e-4
    (repaired,) = session.run(["repaired"], {"images": images})
    assert repaired.dtype == np.uint8 and repaired.shape == images.shape
    assert np.abs(repaired / 127.5 - 1 - reconstructions).max() <= 0.5 / 127.5 + 1e-4


@pytest.mark.parametrize(
    ("model", "side", "channels", "outside"),
    [("traditional", 30, 3, "edge"), ("dcgan", 30, 3, "edge"), ("dcgan", 64, 3, "edge"), ("dcgan", 28, 1, "black")],
)
def test_other_shapes_margins_and_shares(model: str, side: int, channels: int, outside, tmp_path: Path) -> None:
    data = Description(
        key="x", name="X", classes=("a", "b"), class_names=("a", "b"), side=side, channels=channels, outside=outside
    )
    torch.manual_seed(1)
    generator = build(model, config_class(model)(), data).generator.eval().requires_grad_(False)
    generator.share = 0.4
    _, run = export._onnx(graph.traced(generator), {})
    images = np.random.default_rng(0).integers(0, 256, (5, *data.shape), np.uint8)
    ours = scoring.score(generator, images)
    assert np.abs(run(images) - ours).max() <= 1e-4
    assert np.abs(run(images[3:4]) - ours[3]).max() <= 1e-4


def test_the_file_carries_card_and_thresholds_and_no_path_of_this_machine(exported, pristine) -> None:
    facts = onnxruntime.InferenceSession(exported["dcgan"]).get_modelmeta().custom_metadata_map
    checkpoint = checkpoints.load(pristine["dcgan"])
    assert json.loads(facts["thresholds"]) == checkpoint.card.thresholds.known | {"default": checkpoint.threshold}
    assert json.loads(facts["card"]) == json.loads((pristine["dcgan"] / checkpoints.CARD).read_bytes())
    assert json.loads(facts["input"]) == {"height": 28, "width": 28, "channels": 1}
    content = exported["dcgan"].read_bytes()
    for path in (str(ROOT), "site-packages", sys.prefix):
        assert path.encode() not in content


def test_a_torch_file_gives_the_same(pristine, test_split, tmp_path: Path) -> None:
    checkpoint, path = checkpoints.load(pristine["dcgan"]), tmp_path / "model.pt2"
    assert export.export(checkpoint, "torch-export", path) <= 1e-4
    extra = {"thresholds.txt": ""}
    program = torch.export.load(io.BytesIO(path.read_bytes()), extra_files=extra)
    scores = program.module()(torch.from_numpy(test_split.images[:9].copy()))[0].numpy()
    assert np.abs(scores - checkpoint.scores.test[:9]).max() <= 1e-4
    assert json.loads(extra["thresholds.txt"])["default"] == checkpoint.threshold
    with zipfile.ZipFile(path) as archive:
        assert not any(str(ROOT).encode() in archive.read(name) for name in archive.namelist())


def test_other_scores_are_never_written(pristine, tmp_path: Path, monkeypatch) -> None:
    checkpoint = checkpoints.load(pristine["dcgan"])
    real = scoring.score
    monkeypatch.setattr(scoring, "score", lambda *some: real(*some) + np.float32(2e-4))
    with pytest.raises(MisfitError, match="nothing was written"):
        export.export(checkpoint, "onnx", tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(pristine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MisfitError, match=r"onnxscript: `pip install -r requirements-export.txt`"):
        export.export(checkpoints.load(pristine["dcgan"]), "onnx", tmp_path / "model.onnx")
