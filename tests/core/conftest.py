"""A server on this machine that serves Fashion-MNIST's four files, or fails to in a way the test chooses."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.data import catalog, fashion_mnist, tasks
from core.data.dataset import Images
from core.data.tasks import Task
from core.gans.config import TrainingConfig
from core.store import saving
from tests import drawn

NAMES = [f"{stem}-{kind}-ubyte.gz" for stem in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]


class Mirror:
    """`files` by name; `broken` is how the server fails from the second file on; `go_on` holds that file back."""

    def __init__(self) -> None:
        # The starter set stands in for the training split, which does not ship.
        self.files = {name: (fashion_mnist.SHIPPED / name.replace("train", "starter")).read_bytes() for name in NAMES}
        self.broken: str | None = None
        self.asked: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                mirror.asked.append(name)
                second = name == NAMES[1]
                if second:
                    mirror.go_on.wait(20)
                content = mirror.files[name]
                if second and mirror.broken == "404":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if second and mirror.broken == "wrong bytes":
                    content = content[:-1] + bytes([content[-1] ^ 1])
                if second and mirror.broken == "breaks off":
                    content = content[: len(content) // 2]
                if self.command == "GET":
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/fashion/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A working mirror, whose files torchvision and `core.data.fashion_mnist` take for Zalando's."""
    from torchvision.datasets import FashionMNIST

    found = Mirror()
    digests = [(name, hashlib.md5(found.files[name], usedforsecurity=False).hexdigest()) for name in NAMES]
    monkeypatch.setattr(FashionMNIST, "resources", digests)
    for kind in ("images", "labels"):
        monkeypatch.setitem(fashion_mnist.CHECKSUMS, f"train-{kind}", fashion_mnist.CHECKSUMS[f"starter-{kind}"])
    yield found
    found.stop()


@pytest.fixture
def unlabelled(
    starter: Images, quick: Callable[..., TrainingConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The checkpoint of a model of somebody's own images, among which nobody has an anomaly: 200 to train on, 50 to test."""
    from core.gans.training import Training

    own = tmp_path / "own"
    monkeypatch.setattr(catalog, "OWN", own)
    (own / "apples").mkdir(parents=True)
    bags = starter.images[starter.labels == 8, :, :, 0]
    for stem, images in (("train", bags[:200]), ("t10k", bags[200:250])):
        (own / "apples" / f"{stem}-images-idx3-ubyte").write_bytes(drawn.pack(images))
        (own / "apples" / f"{stem}-labels-idx1-ubyte").write_bytes(drawn.pack(images[:, 0, 0] * 0))
    (own / "apples" / "classes.txt").write_text("fresh\nrotten\n")
    data = catalog.get("apples")
    task = Task("fresh", "one-class", 0, data=data.description)
    train, test = data.load("train"), data.load("test")
    training = Training("traditional", quick("traditional"), tasks.split(task, train), 0, "cpu")
    list(training.epochs())
    return saving.save(tmp_path / "apples" / "model", training, task, "traditional", 0, train, test).folder
