"""docs/deploy.md as a new user follows it: in a process and a folder that have neither torch nor Misfit."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.basics.files import ROOT
from core.data import decoding
from core.data.photos import shaping
from core.gans import scoring
from core.store import checkpoints
from tests import photographs

GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
# Whatever else is imported but what these two bring and the standard library has, ends the process.
ALONE = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "core", "pages", "streamlit", "scipy", "PIL", "onnx", "onnxscript"):
            raise ImportError(name)
sys.meta_path.insert(0, Nothing())
"""


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_ten_lines_give_misfits_scores_without_misfit(model: str, saved, test_split, tmp_path: Path, capsys) -> None:
    pytest.importorskip("onnxruntime")
    there = tmp_path / "elsewhere"
    there.mkdir()
    folder = saved(model)
    assert main(["export", "--checkpoint", str(folder), "--out", str(there / "model.onnx")]) == 0
    assert "differ from Misfit's by" in capsys.readouterr().out
    np.save(there / "photos.npy", test_split.images[:40])
    (there / "run.py").write_text(ALONE + SNIPPETS[0])
    assert len(SNIPPETS[0].strip().splitlines()) <= 11  # ten, and an empty one
    ran = subprocess.run([sys.executable, "run.py"], cwd=there, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    lines = [line.split() for line in ran.stdout.splitlines()]
    checkpoint = checkpoints.load(folder)
    ours = scoring.score(checkpoint.generator(), test_split.images[:40])
    assert np.abs(np.array([float(score) for _, score in lines]) - ours).max() <= 1e-4
    far = np.abs(ours - checkpoint.threshold) > 1e-4  # at the threshold itself, a rounding decides
    assert [word for (word, _), clear in zip(lines, far, strict=True) if clear] == [
        "anomaly" if score >= checkpoint.threshold else "normal" for score in ours[far]
    ]


@pytest.mark.parametrize(("size", "channels"), [((300, 200), 3), ((700, 901), 3), ((40, 40), 1), ((64, 64), 3)])
def test_photos_are_shaped_as_for_training(size: tuple[int, int], channels: int, tmp_path: Path) -> None:
    from PIL import ImageOps

    path = tmp_path / "photo.jpg"
    Image.fromarray(photographs.tiles("gravel", 128)[0]).resize(size).save(path, quality=95)
    names: dict = {"np": np, "Image": Image, "ImageOps": ImageOps}
    exec(SNIPPETS[1], names)
    ours = shaping.shaped(decoding.read(path.read_bytes(), "photo"), 64, channels)
    assert np.array_equal(names["shaped"](path, 64, channels), ours)
