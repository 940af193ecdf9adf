"""Tells Streamlit's client where its server is, so that it need not guess.

On a deep link such as /browse the client first looks for its server below the page's own path, at /browse/_stcore/health and
/browse/_stcore/host-config: two failed requests and two errors in the console. Streamlit 1.67 has no setting for it, but its
client takes an address from `window.__streamlit` (index.html of streamlit/static). A browser test fails on any 404.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class AtTheRoot:
    """ASGI middleware that puts the server's address into every HTML page: the page's own, without the name of a page in it."""

    def __init__(self, app: Any, pages: Sequence[str]) -> None:
        self.app = app
        names = "|".join(pages)
        self.script = (
            "<head><script>window.__streamlit = Object.assign(window.__streamlit ?? {}, {BACKEND_BASE_URL: location.origin + "
            f'location.pathname.replace(new RegExp({json.dumps(f"({names})/?$")}), "")}});</script>'
        ).encode()

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] != "http" or not any(
            name == b"accept" and b"text/html" in value for name, value in scope["headers"]
        ):
            await self.app(scope, receive, send)
            return
        plain = [
            pair for pair in scope["headers"] if pair[0] != b"accept-encoding"
        ]  # what is compressed cannot be added to
        start: Message = {}
        parts: list[bytes] = []

        async def pass_on(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start and message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    await self._send(start, b"".join(parts), send)
            else:
                await send(message)

        await self.app({**scope, "headers": plain}, receive, pass_on)

    async def _send(self, start: Message, body: bytes, send: Send) -> None:
        """Send the page with the address in it."""
        body = body.replace(b"<head>", self.script, 1)
        headers = [
            pair for pair in start["headers"] if pair[0].lower() not in (b"content-length", b"etag", b"last-modified")
        ]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _is_page(message: Message) -> bool:
    """Tell whether a response is an HTML page."""
    headers = {name.lower(): value for name, value in message["headers"]}
    return message["status"] == 200 and headers.get(b"content-type", b"").startswith(b"text/html")
