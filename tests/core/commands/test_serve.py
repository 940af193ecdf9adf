"""The HTTP door as a process: pictures in, JSON out, and what it does to those who send too much, or too slowly."""

import contextlib
import http.client
import json
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.basics.files import ROOT
from core.line import server, web

# The real limits, but for the times: nobody waits half a minute for a test.
START = """
import sys
from core.line import server, web
server.HEAD_SECONDS, web.BODY_SECONDS = 1.0, 2.0
from core.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


class Server:
    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-c", START, "serve", "--port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        said = self.process.stderr.readline()
        match = re.search(r"http://127\.0\.0\.1:(\d+)/score", said)
        assert match, said + self.process.stderr.read()
        self.port = int(match[1])

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def send(self, *files: tuple[str, bytes]) -> tuple[int, list[dict]]:
        """POST files as a form does."""
        parts = [
            f'--edge\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'.encode()
            + content
            + b"\r\n"
            for name, content in files
        ]
        status, answer = self.ask(
            "POST", "/score", b"".join(parts) + b"--edge--\r\n", Content_Type="multipart/form-data; boundary=edge"
        )
        return status, json.loads(answer)

    def open(self, text: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(text)
        return connection


@pytest.fixture(scope="module")
def door(pristine, tmp_path_factory) -> Iterator[Server]:
    server = Server("--checkpoint", pristine["traditional"])
    yield server
    server.process.send_signal(signal.SIGTERM)
    _, said = server.process.communicate(timeout=60)
    assert server.process.returncode == 0 and said == ""


def test_one_and_many_pictures_are_judged_as_score_judges(door, run, pristine, pictures) -> None:
    expected = json.loads(run("score", *pictures, "--checkpoint", pristine["traditional"], "--json"))
    for row, path in zip(expected, pictures, strict=True):
        row["file"] = path.name
    status, found = door.send(*((path.name, path.read_bytes()) for path in pictures))
    assert (status, len(found)) == (200, len(expected))
    status, body = door.ask("POST", "/score?name=item+0.png", pictures[0].read_bytes(), Content_Type="image/png")
    assert status == 200
    for row, wanted in zip([*found, *json.loads(body)], [*expected, expected[0]], strict=True):
        assert list(row) == list(wanted)
        for name, value in wanted.items():  # another number of threads, another last bit
            assert row[name] == (pytest.approx(value, abs=1e-5) if isinstance(value, float) else value)


def test_a_damaged_picture_is_a_row_with_its_reason(door, pictures) -> None:
    status, (good, bad) = door.send(("a.png", pictures[0].read_bytes()), ("b\t.png", pictures[0].read_bytes()[:99]))
    assert status == 200 and good["verdict"] in ("normal", "anomaly")
    assert (bad["file"], bad["verdict"], bad["score"]) == ("b .png", "unreadable", None)
    assert "damaged" in bad["reason"] and set(good) == set(bad)
    status, rows = door.send(("b.png", b"no picture"))
    assert status == 422 and "not a picture" in rows[0]["reason"]


def test_health_and_metrics(door, pictures) -> None:
    status, body = door.ask("GET", "/health")
    assert status == 200 and json.loads(body)["status"] == "ok"
    counts = []
    for _ in range(2):
        status, body = door.ask("GET", "/metrics")
        text = body.decode()
        assert status == 200 and re.fullmatch(r'(# (HELP|TYPE) .+\n|[a-z_]+(\{[a-z]+="[^"]+"\})? [0-9.e+-]+\n)+', text)
        counts.append(sum(map(int, re.findall(r"^misfit_pictures_total\{.*\} (\d+)$", text, re.M))))
        assert int(re.findall(r'^misfit_score_bucket\{le="\+Inf"\} (\d+)$', text, re.M)[0]) <= counts[-1]
        door.send(*((path.name, path.read_bytes()) for path in pictures))
    assert counts[1] - counts[0] == len(pictures)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/score", {}, None, 405),
        ("GET", "/", {}, None, 404),
        ("POST", "/score", {}, b"", 400),
        ("POST", "/score", {"Content_Type": "multipart/form-data"}, b"x", 400),
        ("POST", "/score", {"Content_Type": "multipart/form-data; boundary=b"}, b"x", 400),
        ("POST", "/score", {"Origin": "http://elsewhere.example"}, b"x", 403),
        ("GET", "/health", {"Host": "elsewhere.example"}, None, 400),
    ],
)
def test_what_is_wrong_is_said(door, method, path, headers, body, status) -> None:
    found, text = door.ask(method, path, body, **headers)
    assert found == status and text and b"Traceback" not in text


def test_too_many_pictures_are_refused(door, pictures) -> None:
    content = pictures[0].read_bytes()
    status, answer = door.send(*[("a.png", content)] * (web.MOST_PICTURES + 1))
    assert status == 400 and str(web.MOST_PICTURES) in answer["error"]
    assert door.send(*[("a.png", content)] * web.MOST_PICTURES)[0] == 200


@pytest.mark.parametrize("told", [True, False])
def test_a_body_of_64_mb_is_refused_long_before_its_end(door, told: bool) -> None:
    """Told by its length, or coming in chunks."""
    how = b"Content-Length: 67108864" if told else b"Transfer-Encoding: chunked"
    connection = door.open(b"POST /score HTTP/1.1\r\nHost: localhost\r\n" + how + b"\r\n\r\n")
    sent = 0
    with contextlib.suppress(OSError):  # it closes the connection meanwhile
        while not told and sent < 64 * 2**20:
            connection.sendall(b"100000\r\n" + bytes(2**20) + b"\r\n")
            sent += 2**20
    assert sent < 60 * 2**20
    with contextlib.suppress(ConnectionResetError):
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    connection.close()
    assert door.ask("GET", "/health")[0] == 200


def test_a_slow_body_and_a_slow_head_are_given_up(door) -> None:
    begun = time.monotonic()
    slow = door.open(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nslow")
    head = door.open(b"POST /score HT")
    silent = door.open()
    assert slow.recv(100).startswith(b"HTTP/1.1 408")
    assert head.recv(100) == b"" and silent.recv(100) == b""
    assert time.monotonic() - begun < 60
    again = door.open(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")  # a good request, then a slow head
    answer = b""
    while not answer.endswith(b"}"):
        answer += again.recv(1000)
    assert answer.startswith(b"HTTP/1.1 200")
    again.sendall(b"GET /hea")
    assert again.recv(100) == b""


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process have as many open files as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_idle_connections_are_held_off_and_soon_gone(door, many_files) -> None:
    with contextlib.ExitStack() as crowd:
        begun = time.monotonic()
        there = [crowd.enter_context(door.open()) for _ in range(1000)]
        # Whoever says nothing for so long makes room: on a slow machine others are let in while they still come.
        let_in = server.MOST_CONNECTIONS * (1 + int((time.monotonic() - begun) / server.HEAD_SECONDS))
        refused = gone = 0
        for connection in there:
            try:
                refused += connection.recv(100).startswith(b"HTTP/1.1 503")
            except ConnectionResetError:
                gone += 1
        assert refused + gone >= 1000 - let_in and refused > gone
    until = time.monotonic() + 60
    while (status := _health(door)) != 200 and time.monotonic() < until:
        time.sleep(0.1)
    assert status == 200


def _health(door: Server) -> int:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return door.ask("GET", "/health")[0]
    return 0


@pytest.mark.parametrize("host", web.LOCAL)
def test_this_machine_may_be_named_in_every_way(door, host: str) -> None:
    named = f"[{host}]" if host == "::1" else host  # as browsers and clients write it
    assert door.ask("GET", "/health", Host=f"{named}:{door.port}")[0] == 200


def test_an_address_that_is_taken_is_named(door, refused, pristine) -> None:
    model = ("--checkpoint", pristine["traditional"])
    assert f"port {door.port}" in refused("serve", *model, "--port", door.port)
    assert "port 99999" in refused("serve", *model, "--port", 99999)


def test_a_request_that_has_come_is_answered_before_the_end(pristine, pictures: list[Path]) -> None:
    own = Server("--checkpoint", pristine["traditional"])
    content = pictures[0].read_bytes()
    head = f"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    connection = own.open(head + content[:50])
    time.sleep(0.3)
    own.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    connection.sendall(content[50:])
    assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    own.process.communicate(timeout=60)
    assert own.process.returncode == 0
