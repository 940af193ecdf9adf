"""torch hub's cache is a folder of the test's own; the weights in it are random ones that the test makes."""

import hashlib
import pickle

import numpy as np
import pytest
import torch
import torchvision

from core.store import pretrained
from core.store.pretrained import PretrainedError
from tests import photographs


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


def put(hub, content: bytes, name: str = "resnet18"):
    path = hub / f"{name}-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    path.write_bytes(content)
    return path


def weights(hub, name: str = "resnet18"):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(torchvision.models.get_model(name, weights=None).state_dict(), hub / "made.pth")
    content = (hub / "made.pth").read_bytes()
    (hub / "made.pth").unlink()
    return put(hub, content, name)


def test_nothing_is_there_and_nothing_is_downloaded(hub, monkeypatch):
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_, **__: pytest.fail("a download"))
    assert pretrained.here() is None
    (hub / "resnet18.pth").write_bytes(b"no hash in its name")
    assert pretrained.here() is None


def test_features_tell_another_texture_from_normal_photos(hub):
    path = weights(hub)
    assert pretrained.here() == ("resnet18", path)
    bricks, grass = photographs.tiles("brick"), photographs.tiles("grass")
    scores = pretrained.score("resnet18", path, bricks[:24], np.concatenate([bricks[40:52], grass[:12]]))
    assert scores.shape == (24,) and scores[12:].min() > scores[:12].max()
    grey = pretrained.score("resnet18", path, bricks[:4, ..., :1], grass[:2, ..., :1])
    assert grey.shape == (2,)


def test_a_file_that_is_not_what_its_name_says_is_refused(hub):
    path = weights(hub)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(PretrainedError, match="is not the file that its name says"):
        pretrained.network("resnet18", path)


def test_code_in_a_pickle_is_never_run(hub, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = put(hub, pickle.dumps({"conv1.weight": Evil()}))
    with pytest.raises(PretrainedError, match="has no weights of resnet18"):
        pretrained.network("resnet18", path)
    assert not (tmp_path / "ran").exists()


def test_weights_of_another_network_are_refused(hub):
    path = put(hub, weights(hub, "resnet34").read_bytes())
    with pytest.raises(PretrainedError, match="has no weights of resnet18"):
        pretrained.network("resnet18", path)
