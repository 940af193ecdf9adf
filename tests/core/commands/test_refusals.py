import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.__main__ import main
from core.basics.files import ROOT
from core.data import fashion_mnist
from core.store import checkpoints


def test_no_data_is_refused(refused, saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved()
    monkeypatch.setattr(fashion_mnist, "SHIPPED", tmp_path)
    assert "python -m core fetch" in refused("evaluate", "--checkpoint", folder)
    assert "python -m core fetch" in refused("train", "--model", "traditional", "--epochs", "1")
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    assert str(tmp_path) in refused("train", "--model", "traditional", "--epochs", "1")


@pytest.mark.parametrize("command", ["evaluate", "score"])
def test_a_missing_or_damaged_checkpoint_is_refused(command: str, refused, saved, pictures, tmp_path: Path) -> None:
    files = pictures if command == "score" else []
    assert str(tmp_path / "none") in refused(command, *files, "--checkpoint", tmp_path / "none")
    folder = saved()
    weights = folder / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "generator.safetensors" in refused(command, *files, "--checkpoint", folder)
    (folder / "card.json").write_text("{")
    assert "card.json" in refused(command, *files, "--checkpoint", folder)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paint"],
        ["score"],
        ["train", "--model", "vae"],
        ["train", "--epochs", "many"],
        ["evaluate", "--regime", "supervised"],
        ["fetch", "--everything"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("python -m core")
    if arguments:
        assert arguments[-1] in err


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_program_explains_itself() -> None:
    found = program("-m", "core", "--help")
    assert (found.returncode, found.stderr) == (0, "")
    for command in ("train", "evaluate", "score", "results", "fetch"):
        assert re.search(rf"^ +{command} ", found.stdout, re.MULTILINE)


def test_what_pages_need_to_show_stored_scores_imports_neither_torch_nor_scikit_learn(saved) -> None:
    folder = saved()
    script = f"""
import sys
from pathlib import Path
import core.store.saving, core.store.discovery, core.gans.config, core.data.fashion_mnist, core.metrics.evaluation, core.runs.queue, core.data.tasks
checkpoint = core.store.checkpoints.load(Path({str(folder)!r}))
test = core.data.fashion_mnist.load("test")
print(core.store.saving.test_report(checkpoint.task, checkpoint.scores.test, test.labels).auroc)
print([name for name in ("torch", "torchvision", "sklearn", "streamlit") if name in sys.modules])
"""
    found = program("-c", script)
    assert found.returncode == 0, found.stderr
    area, heavy = found.stdout.splitlines()
    assert float(area) == pytest.approx(checkpoints.load(folder).card.test.auroc, abs=1e-9)
    assert heavy == "[]"


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize("name", ["hat", "../hat", ""])
def test_a_class_that_is_none_of_the_data_sets_is_refused(command: str, name: str, refused) -> None:
    line = refused(command, "--normal", name)
    assert f"Unknown class {name!r}; the classes are: t-shirt trouser" in line
