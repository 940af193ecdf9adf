"""The HTTP door: POST /score with pictures, GET /health, GET /metrics. Its limits hold back whoever sends too much."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.basics.errors import MisfitError, PictureError
from core.basics.text import as_line
from core.line.counters import Counters
from core.line.model import UNREADABLE, Model

MOST_BYTES = 40 * 2**20  # of a request's body
MOST_PICTURES = 32  # in a request
MOST_AT_ONCE = 8  # bodies in memory; further requests wait
BODY_SECONDS = 30.0  # for all of a body, and for waiting to be let in
LOCAL = ("127.0.0.1", "localhost", "::1", "[::1]")  # as an address to listen at, and as the host that a request names
Picture = tuple[str, bytes]  # name, content


class Door:
    """The answers, and what they need. `connections` tells how many there are."""

    def __init__(self, model: Model, tell: Callable[[str], None], connections: Callable[[], int] = lambda: 0) -> None:
        self.model, self.tell, self.connections = model, tell, connections
        self.counters = Counters()
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._judging = threading.Lock()  # one picture at a time: a large one takes 260 MB while it is read

    async def score(self, request: Request) -> Response:
        """Answer with a list, a row for each picture as `score --json` prints it."""
        begun, code = time.monotonic(), 500
        try:
            _refuse_foreign(request)
            async with self._let_in():
                pictures = await _received(request)
                rows = await asyncio.to_thread(self._rows, pictures)
            code = 200 if any(row["verdict"] != UNREADABLE for row in rows) else 422
            return JSONResponse(rows, code)
        except HTTPException as error:
            code = error.status_code
            raise
        except ClientDisconnect:
            code = 499
            return Response(status_code=499)
        finally:
            self.counters.requests[code] += 1
            self.counters.seconds.add(time.monotonic() - begun)

    async def health(self, request: Request) -> Response:
        """Answer which model judges, and at which threshold."""
        model = self.model
        return JSONResponse({"status": "ok", "model": model.name, "threshold": model.threshold})

    async def metrics(self, request: Request) -> Response:
        """Answer with the counters."""
        model = self.model
        return PlainTextResponse(self.counters.text(model.name, model.threshold, self.connections()))

    @contextlib.asynccontextmanager
    async def _let_in(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await self._room.acquire()
        except TimeoutError:
            raise HTTPException(503, "Too many requests wait; try again.", {"Retry-After": "5"}) from None
        try:
            yield
        finally:
            self._room.release()

    def _rows(self, pictures: Sequence[Picture]) -> list[dict[str, Any]]:
        """Judge pictures; a row each, in order. Runs in a thread."""
        with self._judging:
            self.model = self.model.renewed(self.tell)
            rows: list[dict[str, Any]] = []
            images = []
            for name, content in pictures:
                try:
                    images.append((len(rows), name, self.model.take(content, name)))
                    rows.append({})
                except PictureError as error:
                    empty = dict.fromkeys(("score", "percentile", "threshold"))
                    rows.append({"file": name, **empty, "verdict": UNREADABLE, "reason": str(error), "farness": None})
            judgements = self.model.judge([image for *_, image in images])
            for (place, name, _), judgement in zip(images, judgements, strict=True):
                rows[place] = judgement.row(name)
                self.counters.scores.add(judgement.score)
            self.counters.pictures.update(row["verdict"] for row in rows)
            return rows


def app(door: Door, hosts: Sequence[str]) -> Starlette:
    """Build the application; it answers requests for one of the `hosts` only ("*": any)."""
    return Starlette(
        routes=[
            Route("/score", door.score, methods=["POST"]),
            Route("/health", door.health),
            Route("/metrics", door.metrics),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)],
        exception_handlers={HTTPException: _refused, MisfitError: _broken},
    )


async def _refused(request: Request, error: Any) -> Response:
    """Answer with the reason in a line, and close: what is still on its way is not read."""
    headers = dict(error.headers or {}) | {"Connection": "close"}
    return JSONResponse({"error": error.detail}, error.status_code, headers)


async def _broken(request: Request, error: Exception) -> Response:
    """Answer that the server itself cannot judge, such as when its model's scores are damaged."""
    return JSONResponse({"error": as_line(error)}, 500)


def _refuse_foreign(request: Request) -> None:
    """Refuse a web page of another address, which a browser would let send here."""
    origin = request.headers.get("origin")
    if origin is not None and origin.split("://")[-1] != request.headers.get("host"):
        raise HTTPException(403, "Pages of other sites may not send pictures here.")


async def _received(request: Request) -> list[Picture]:
    """Receive the pictures of a request within its limits. Raises HTTPException that names the limit or what is wrong."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told[:20]) > MOST_BYTES:
        raise _too_much()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = bytearray()
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise _too_much()
    except TimeoutError:
        raise HTTPException(408, f"The body did not come within {BODY_SECONDS:g} s.") from None
    if not body:
        raise HTTPException(400, "There is no picture: send one as the body, or several as multipart/form-data.")
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return [(as_line(request.query_params.get("name", "picture")), bytes(body))]
    return await _parts(request, bytes(body))


async def _parts(request: Request, body: bytes) -> list[Picture]:
    """Return the files of a multipart body in order."""

    async def stream() -> AsyncIterator[bytes]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=MOST_PICTURES, max_fields=MOST_PICTURES)  # type: ignore[arg-type]
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(400, f"The pictures cannot be told apart: {as_line(error)}") from None
    try:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if not files:
            raise HTTPException(400, "No part of the body is a file; each picture needs a filename.")
        return [(as_line(file.filename or "picture"), await file.read()) for file in files]
    finally:
        await form.close()


def _too_much() -> HTTPException:
    return HTTPException(413, f"A request may have at most {MOST_BYTES // 2**20} MB.")
