"""docs/adding-a-model.md, followed to the letter in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from core.basics.files import ROOT

GUIDE = (ROOT / "docs" / "adding-a-model.md").read_text("utf-8")
COPIED = (
    "core",
    "pages",
    "docs",
    "checkpoints",
    "data/shipped",
    "data/examples.safetensors",
    "data/finder.safetensors",
    "results.csv",
    "streamlit_app.py",
    ".streamlit",
)
OPENED = """
from streamlit.testing.v1 import AppTest

def said(app):
    return " ".join(element.value for kind in (app.markdown, app.caption, app.info, app.warning) for element in kind)

def opened(page, **link):
    app = AppTest.from_file("streamlit_app.py", default_timeout=120)
    app.query_params["model"] = "linear"
    app.run()
    if page != "overview":
        app.switch_page(f"pages/{page}/page.py")
        for name, value in {"model": "linear", **link}.items():
            app.query_params[name] = value
        app.run()
    return whole(app, page, link)

def whole(app, *where):
    assert not app.exception, (where, app.exception)
    assert not app.error, (where, app.error)
    assert app.sidebar.selectbox(key="model").value == "linear", where
    assert "has been trained yet" not in said(app), (where, said(app))
    return app

app = opened("overview")
assert "Linear GAN, test AUROC" in [metric.label for metric in app.metric]
shown = " ".join(element.proto.body for element in app.get("html"))
assert shown.count("As it would be if it were normal, by the Linear GAN") == 1
for section in ("gallery", "lessons", "by-class", "map"):
    opened("browse", section=section)
opened("browse", image="17")
for view in ("curves", "classes", "precision", "seeds"):
    opened("roc", view=view)
app = opened("try_it", edit="17")
assert "##### Linear GAN" in said(app), said(app)
app.toggle(key="try_both").set_value(True)
whole(app.run(), "try both")
opened("results")

app = opened("train")
assert app.segmented_control(key="train_model").value == "linear"
for preset in ("quick look", "as shipped"):
    whole(app.button(key=f"preset_{preset}").click().run(), preset)
number = {field.label: field.value for field in app.number_input}
assert (number["Patterns"], number["Weight of Sparse"], number["Epochs"]) == (32, 0.001, 10), number
assert app.toggle(key="train_linear_mean_image").value is True
assert app.text_input(key="train_linear_judge").value == "64"
app.text_input(key="train_linear_judge").set_value("64; wide")
app.run()
assert [error.value for error in app.error] == [
    "Judge is '64; wide'; write whole numbers with commas between them. It is under More."
]
app.text_input(key="train_linear_judge").set_value("64, 16")
app.number_input(key="train_linear_patterns").set_value(0)
app.run()
assert [error.value for error in app.error] == ["Patterns is 0; it must be between 1 and 784. It is under More."]
app.number_input(key="train_linear_patterns").set_value(16)
whole(app.run(), "mended")
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
