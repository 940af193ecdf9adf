"""The server around the HTTP door: uvicorn, with limits on connections and on the time for a request's head."""

import asyncio
import logging
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from core.basics.errors import MisfitError
from core.line import web
from core.line.model import Model

MOST_CONNECTIONS = 100
HEAD_SECONDS = 10.0  # for the head of a request
STOP_SECONDS = 30  # for answering what has come before a stop
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"


class Connection(H11Protocol):
    """A connection that is closed when there are too many, or when the head of its request does not come."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.write(_FULL)
            transport.close()
        else:
            self._hurry()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def _hurry(self) -> None:
        """Start the clock while no request is complete; stop it while one is answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._calm()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def _calm(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def bound(host: str, port: int) -> socket.socket:
    """Listen at an address. Raises MisfitError where that is not possible."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise MisfitError(
            f"Nothing can listen at {host}, port {port} ({getattr(error, 'strerror', None) or error}); choose another --port "
            "or --host."
        ) from error


def serve(model: Model, listening: socket.socket, host: str, tell: Callable[[str], None]) -> None:
    """Answer requests until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        lambda: None,
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # what is wrong with a body is in the answer
    server = uvicorn.Server(config)
    door = web.Door(model, tell, lambda: len(server.server_state.connections))
    config.app = web.app(door, (host, *web.LOCAL) if host in web.LOCAL else ("*",))
    server.run(sockets=[listening])
