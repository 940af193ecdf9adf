"""An HTML page says where the server is; everything else passes as it was."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pages.parts.root import AtTheRoot


def asked(
    path: str, accept: bytes, kind: bytes, body: bytes
) -> tuple[dict[str, Any], bytes, list[tuple[bytes, bytes]]]:
    """The start of the response, its body, and the request's headers as they reached the app, which answers in two parts."""
    reached: list[tuple[bytes, bytes]] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.extend(scope["headers"])
        length = str(len(body)).encode()
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", kind), (b"content-length", length)],
            }
        )
        await send({"type": "http.response.body", "body": body[:9], "more_body": True})
        await send({"type": "http.response.body", "body": body[9:]})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(b"accept", accept), (b"accept-encoding", b"gzip")],
    }
    with ThreadPoolExecutor(1) as pool:  # in this thread a browser's tests may have left a loop that runs
        pool.submit(lambda: asyncio.run(AtTheRoot(app, ["browse", "roc"])(scope, None, send))).result()
    return sent[0], b"".join(message["body"] for message in sent[1:]), reached


def test_a_page_gets_the_address_and_its_new_length() -> None:
    start, body, reached = asked(
        "/browse", b"text/html,*/*", b"text/html; charset=utf-8", b"<html><head><title>x</title></head></html>"
    )
    assert body.startswith(b"<html><head><script>window.__streamlit") and b"(browse|roc)/?$" in body
    assert body.endswith(b"</script><title>x</title></head></html>")
    assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()
    assert (b"accept-encoding", b"gzip") not in reached


@pytest.mark.parametrize(("accept", "kind"), [(b"*/*", b"text/html"), (b"text/html", b"application/json")])
def test_what_is_no_page_stays_as_it_is(accept: bytes, kind: bytes) -> None:
    start, body, _ = asked("/_stcore/health", accept, kind, b"<head> a text of some length")
    assert body == b"<head> a text of some length"
    assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()
