"""docs/adding-a-model.md, followed to the letter in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from core.data import ROOT

GUIDE = (ROOT / "docs" / "adding-a-model.md").read_text("utf-8")
COPIED = (
    "core",
    "pages",
    "docs",
    "checkpoints",
    "data/shipped",
    "data/examples.safetensors",
    "results.csv",
    "streamlit_app.py",
    ".streamlit",
)
OPENED = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("streamlit_app.py", default_timeout=120)
app.query_params["model"] = "linear"
app.run()
for page in ("overview", "browse", "roc", "train", "results"):
    if page != "overview":
        app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception, (page, app.exception)
    assert not app.error, (page, app.error)
    assert app.sidebar.selectbox(key="model").value == "linear"
    said = " ".join(element.value for kind in (app.markdown, app.info, app.warning) for element in kind)
    assert "has been trained yet" not in said, (page, said)
    if page == "overview":
        assert "Linear GAN, test AUROC" in [metric.label for metric in app.metric]
        shown = " ".join(element.proto.body for element in app.get("html"))
        assert shown.count("Reconstruction by the Linear GAN") == 1
"""


def applied(folder: Path, path: str, change: str) -> None:
    """Replace a diff block's old lines, which must stand in the file exactly once, by its new ones."""
    lines = change.splitlines()
    assert all(line[:1] in ("-", "+", " ") for line in lines), change
    old = "\n".join(line[1:] for line in lines if line[0] != "+") + "\n"
    new = "\n".join(line[1:] for line in lines if line[0] != "-") + "\n"
    text = (folder / path).read_text("utf-8")
    assert text.count(old) == 1, f"{path} no longer has these lines once:\n{old}"
    (folder / path).write_text(text.replace(old, new), "utf-8")


def test_the_worked_example_works(tmp_path):
    copy = tmp_path / "misfit"
    for name in COPIED:
        source, target = ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    environment = os.environ | {"MISFIT_RUNS": str(tmp_path / "runs"), "OMP_NUM_THREADS": "1"}

    def done(*command: str) -> str:
        ran = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=300)
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-3000:]
        return ran.stdout

    blocks = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert {kind for kind, _, _ in blocks} == {"diff", "python", "bash"}
    printed = ""
    for kind, path, content in blocks:
        if kind == "diff":
            applied(copy, path, content)
        elif kind == "python":
            assert not (copy / path).exists()
            (copy / path).write_text(content, "utf-8")
        else:
            for line in content.splitlines():
                printed += done(sys.executable, *line.split()[1:])
    area = float(re.search(r"recomputed from the weights.*?auroc +([0-9.]+)", printed, re.DOTALL)[1])
    assert area > 0.7  # it learns: two epochs on a tenth of the images
    assert (copy / "docs" / "model-card-linear.md").read_text("utf-8").startswith("# Model card: Linear GAN\n")
    done(sys.executable, "-c", OPENED)
