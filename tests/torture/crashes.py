"""kill −9 at random moments while something is written, again and again; full disks; folders that may not be written to.

The writers are forked from a process that has imported everything, so that a hundred kills take seconds. What they write is
looked at after each kill by the code that reads it: it must be the old or the new, whole.
"""

import contextlib
import gc
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

WRITERS = ("checkpoint", "status", "fetch", "sweep", "photos")
LONGEST = {"checkpoint": 0.25, "status": 0.05, "fetch": 0.6, "sweep": 0.15, "photos": 0.3}  # seconds until a kill
LONGER = (
    1.3  # times, after each kill, until something was finished before it: how long that takes depends on the machine
)


def kills(what: str, seed: int, times: int) -> tuple[int, int, list[str]]:
    """(kills, whole states seen after them, what was lost) of the writer called `what`, in a process of its own."""
    return _elsewhere(_kill_all, what, seed, times)


def share(seed: int, times: int) -> tuple[list[tuple[int, int, list[str]]], tuple[int, list[str]]]:
    """`kills` of every writer, and `refusals`, all in one process."""
    return _elsewhere(_share, seed, times)


def refusals() -> tuple[int, list[str]]:
    """(writes that a full disk or a folder refused, what was lost)."""
    return _elsewhere(_refuse_all)


def _elsewhere(what: Callable, *arguments: object):
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        os.chmod(folder, 0o755)  # somebody with fewer rights looks in, too
        worker = context.Process(target=_answer, args=(there, folder, what, arguments))
        worker.start()
        there.close()
        try:
            answer = here.recv()
        finally:
            worker.join(30)
            worker.kill()
    if isinstance(answer, str):
        raise AssertionError(answer)
    return answer


def _answer(pipe: Connection, folder: str, what: Callable, arguments: tuple) -> None:
    import traceback

    with open(os.devnull, "w") as nowhere:  # a server whose visitors are killed has much to say
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    import torch

    from core.data import fashion_mnist

    torch.set_num_threads(1)
    fashion_mnist.DEBIAN = Path(folder) / "nowhere"
    os.environ.pop("FASHION_MNIST_DIR", None)
    try:
        pipe.send(what(Path(folder), *arguments))
    except BaseException:
        pipe.send(traceback.format_exc())


def _share(root: Path, seed: int, times: int) -> tuple[list[tuple[int, int, list[str]]], tuple[int, list[str]]]:
    return [_kill_all(root, what, seed, times) for what in WRITERS], _refuse_all(root)


def _prepared(what: str, root: Path) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """(what writes, what sees whether all is whole) of a writer that works below `root`."""
    from core.data import catalog, fashion_mnist
    from core.store import checkpoints

    catalog.OWN = root / "own"
    checkpoints.RUNS = root / "runs"
    checkpoints.RUNS.mkdir(parents=True)
    fashion_mnist.DOWNLOADED = root / "data" / "downloaded"
    return _PREPARE[what](root)


def _kill_all(root: Path, what: str, seed: int, times: int) -> tuple[int, int, list[str]]:
    write, check = _prepared(what, root / what)
    rng, whole, lost, longest = random.Random(f"{seed}/{what}"), 0, [], LONGEST[what]
    gc.collect()
    gc.freeze()
    for number in range(times):
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException), open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
                for count in range(10**9):
                    write(number * 1000 + count)
            os._exit(1)
        time.sleep(rng.uniform(0.0, longest))
        os.kill(child, signal.SIGKILL)
        if os.WIFEXITED(os.waitpid(child, 0)[1]):
            lost.append(f"{what}: the writer ended by itself at kill {number}")
        try:
            whole += bool(check())
        except Exception as error:
            lost.append(f"{what}: after kill {number}: {type(error).__name__}: {error}"[:300])
        longest *= 1.0 if whole else LONGER
    return times, whole, lost


def _checkpoint(root: Path) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """A run's model, scored and saved for the first time and then replaced by another again and again."""
    import numpy as np

    from core.data import fashion_mnist, tasks
    from core.data.dataset import Images
    from core.data.tasks import Task
    from core.gans.config import config_class
    from core.gans.training import Training
    from core.store import checkpoints, discovery, saving

    train, test = fashion_mnist.load("train"), fashion_mnist.load("test")
    kept = np.concatenate([np.flatnonzero(train.labels == label)[:60] for label in range(10)])
    train = Images(train.images[kept], train.labels[kept], train.source)
    test = Images(test.images[:256], test.labels[:256], test.source)
    task = Task(anomalies=90)
    config = config_class("traditional")(epochs=2, batch_size=16, hidden=(16,), z=4, discriminator_hidden=(8,))
    training = Training("traditional", config, tasks.split(task, train), 0, "cpu")
    next(training.epochs())
    folder = root / "runs" / "a-run" / checkpoints.LAST
    once = False

    def write(number: int) -> None:
        saving.save(folder, training, task, "traditional", number, train, test, replace=True)

    def check() -> bool:
        nonlocal once
        if not folder.exists():
            assert not once, "what was there is gone"
            return False
        once = True
        checkpoint = checkpoints.load(folder)
        checkpoint.generator()
        assert len(checkpoint.scores.test) == 256
        assert [kept.folder for kept in discovery.discover()[0] if kept.run] == [folder]
        return True

    return write, check


def _status(root: Path) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """A run that comes into being and says where it stands."""
    from core.data.tasks import Task
    from core.gans.config import config_class
    from core.runs import folders, listing
    from core.runs.request import Request
    from core.runs.status import Status, write_status

    request = Request("dcgan", Task(), config_class("dcgan")())
    made: list[int] = [0]

    def write(number: int) -> None:
        if number % 1000 == 0:
            with folders.guard():
                listing.create(folders.free_name("dcgan"), request, "queued", "0")
        for status in listing.statuses()[:1]:
            write_status(Status(status.name, status.request, "queued", str(number), epoch=number))

    def check() -> bool:
        there = [path for path in (root / "runs").glob("[!.]*") if path.is_dir()]
        statuses = listing.statuses()
        for status in statuses:
            assert status.reason in (str(status.epoch), "0")
            assert folders.request_of(status.name) == request
        halves = [path for path in there if not (path / "status.json").exists()]
        assert len(statuses) == len(there) - len(halves) >= made[0], "a run is gone"
        made[0] = len(statuses)
        for path in there[20:]:  # or looking takes longer than writing
            shutil.rmtree(path)
            made[0] = 0
        return bool(statuses)

    return write, check


def _fetch(root: Path) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """A download from a server on this machine, over and over."""
    import hashlib

    from torchvision.datasets import FashionMNIST

    from core.data import fashion_mnist
    from tests.core.conftest import NAMES, Mirror

    mirror = Mirror()
    FashionMNIST.resources = [
        (name, hashlib.md5(mirror.files[name], usedforsecurity=False).hexdigest()) for name in NAMES
    ]
    for kind in ("images", "labels"):
        fashion_mnist.CHECKSUMS[f"train-{kind}"] = fashion_mnist.CHECKSUMS[f"starter-{kind}"]
    once = False

    def write(number: int) -> None:
        for _ in fashion_mnist.fetch(mirror.url):
            pass

    def check() -> bool:
        nonlocal once
        there = fashion_mnist.DOWNLOADED.exists()
        assert there or not once, "what was there is gone"
        once = there
        if there:
            assert fashion_mnist.find("train").name == "downloaded"
            assert (
                len(fashion_mnist.load("train").images) == 10_000 and len(fashion_mnist.load("test").images) == 10_000
            )
        return there

    return write, check


def _sweep(root: Path) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """Rows that are added to results.csv."""
    from core.study import results

    results.CSV = results.ROOT / "results.csv"
    real = results.read()
    known = {row["recipe"]: row for row in real.to_dict("records")}
    rows = list(known.values())
    results.CSV = root / "results.csv"
    most = 0

    def write(number: int) -> None:
        results.add(rows[number % len(rows)])

    def check() -> bool:
        nonlocal most
        found = results.read()
        assert len(found) >= most, f"{most - len(found)} rows are gone"
        most = len(found)
        for row in found.to_dict("records"):
            expected = known[row["recipe"]]
            assert all(row[key] == value or value != value for key, value in expected.items()), row["recipe"]
        return most > 0

    return write, check


def _photos(root: Path) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """Photos that are decoded and kept, now some, now more of them, with a mask for each bad one."""
    import numpy as np
    import scipy.fft
    import scipy.sparse.csgraph  # noqa: F401 (or every writer that is killed would first have to load it)

    from core.basics.files import clear_litter
    from core.data import catalog
    from core.data.photos import files
    from core.data.photos.reading import Shape
    from tests import photographs

    offered = root.with_name("offered")
    if not offered.exists():
        photographs.mvtec(offered)
    with files.opened(offered) as brought:
        contents = [(file.path, offered / file.path) for file in brought.pictures]
    once = False

    def write(number: int) -> None:
        some = [
            each for place, each in enumerate(contents) if number % 2 or not each[0].startswith("train") or place % 2
        ]
        with catalog.scratch() as folder:
            gathered = catalog.gather(files.given("wall", some), folder, "wall", Shape(32))
            catalog.keep(gathered, "wall")

    def check() -> bool:
        nonlocal once
        if root.is_dir():
            for path in (root / "own").glob(".*"):  # an hour later
                os.utime(path, (1e9, 1e9))
            if catalog.OWN.is_dir():
                with contextlib.suppress(OSError), catalog.scratch():
                    clear_litter(catalog.OWN, ".wall.")
                assert not list(catalog.OWN.glob(".*")), "what a kill left is still there"
        there = "wall" in catalog.available()
        assert there or not once, "what was there is gone"
        once = there
        if there:
            data = catalog.get("wall")
            train, test = data.load("train"), data.load("test")
            assert len(train.images) in (20, 40) and len(test.images) == 24
            masks = data.masks("test")
            assert masks is not None and masks.masks.any((1, 2)).sum() == 12
            assert train.images.any((1, 2, 3)).all() and test.images.any((1, 2, 3)).all(), "photos that are not there"
            assert np.bincount(test.labels).tolist() == [12, 12]
        return there

    return write, check


_PREPARE = {"checkpoint": _checkpoint, "status": _status, "fetch": _fetch, "sweep": _sweep, "photos": _photos}


def _refuse_all(root: Path) -> tuple[int, list[str]]:
    """Every writer against a disk that is full after so many bytes, and against folders that may not be written to.

    Full: RLIMIT_FSIZE, which makes the kernel refuse the write as a full disk does. Not to be written to: without the right
    to (as nobody, where this runs as root), and below a file that should be a folder.
    """
    tried, lost = 0, []
    for what in WRITERS:
        where = root / f"{what}, refused"
        write, check = _prepared(what, where)
        write(0)
        if not check():
            lost.append(f"{what}: nothing was written while it could be")
        for name, prevent in (("full", _full), ("read-only", _read_only), ("no folder", _no_folder)):
            tried += 1
            if said := _prevented(where, write, check, prevent):
                lost.append(f"{what}, {name}: {said}")
    return tried, lost


def _prevented(root: Path, write: Callable, check: Callable, prevent: Callable[[Path], None]) -> str:
    """Let the disk refuse the next write, in a process of its own: "" when the old is still there, whole, and no litter."""
    here, there = os.pipe()
    before = set(map(str, root.rglob("*")))
    child = os.fork()
    if not child:
        said = ""
        try:
            prevent(root)
            said = _refused(write)
            if prevent is not _no_folder:
                if not check():
                    said = "what was there is gone"
                if more := set(map(str, root.rglob("*"))) - before:
                    said = f"left over: {sorted(more)[:3]}"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(there, json.dumps(said[:500]).encode())
            os._exit(0)
    os.close(there)
    with open(here, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if root.is_dir():
        for path in [root, *root.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
    return json.loads(answer or b'"no answer"')


def _refused(write: Callable[[int], None]) -> str:
    """Write, and be refused with an error that pages and commands know: "" then."""
    from core.basics.errors import MisfitError

    try:
        write(1000)
    except (MisfitError, OSError):
        return ""
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "it was written"


def _full(root: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))


def _read_only(root: Path) -> None:
    for path in [root, *root.rglob("*")]:
        if path.is_dir():
            path.chmod(0o555)
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def _no_folder(root: Path) -> None:
    """A file lies where the folder was."""
    root.rename(root.with_name(f"{root.name}, aside"))
    root.write_bytes(b"")
