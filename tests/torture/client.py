"""A visitor without a browser: Streamlit's own protocol (protobuf over a websocket) with the real server."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

COOKIE = "_streamlit_xsrf"
LONGEST = 300.0  # seconds to wait for an answer: a crowd on a slow machine


class Visitor:
    """One session. `elements` are what the page shows now, by where it stands; each a protobuf Element."""

    def __init__(self, address: str, socket: ClientConnection, token: str) -> None:
        self.address, self.socket, self.token = address, socket, token
        self.session, self.page, self.elements, self.hashes = "", "", {}, {}
        self.widgets: dict[str, Any] = {}  # what was chosen, by the widget's identity

    async def run(self, query: str = "", travelled: bool = False) -> None:
        """Send what is chosen, wait until the script has run to its end."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.is_history_navigation = query, self.page, travelled
        if not self.page:
            state.page_name = self.name
        for identity, (kind, value) in self.widgets.items():
            widget = state.widget_states.widgets.add(id=identity)
            if kind == "string_array_value":
                widget.string_array_value.data.extend(value)
            elif kind == "file_uploader_state_value":
                for name, size, urls in value:
                    info = widget.file_uploader_state_value.uploaded_file_info.add(
                        name=name, size=size, file_id=urls.file_id
                    )
                    info.file_urls.CopyFrom(urls)
            else:
                setattr(widget, kind, value)
        shown: dict[tuple[int, ...], Any] = {}
        await self.socket.send(message.SerializeToString())
        while True:
            said = await self._next()
            kind = said.WhichOneof("type")
            if kind == "new_session":
                self.session = said.new_session.initialize.session_id
                shown.clear()  # whatever an earlier run had begun to say
            elif kind == "navigation":
                self.page = said.navigation.page_script_hash
            elif kind == "delta":
                place = tuple(said.metadata.delta_path)
                shown = {at: one for at, one in shown.items() if at[: len(place)] != place}
                if said.delta.WhichOneof("type") == "new_element":
                    shown[place] = said.delta.new_element
            elif kind == "script_finished":
                if said.script_finished in (ForwardMsg.FINISHED_EARLY_FOR_RERUN,):
                    continue
                self.elements = dict(sorted(shown.items()))
                return

    async def _next(self) -> ForwardMsg:
        async with asyncio.timeout(LONGEST):
            said = ForwardMsg()
            said.ParseFromString(await self.socket.recv())
        if said.WhichOneof("type") == "ref_hash":  # sent before, and long enough not to be sent again
            known = ForwardMsg()
            known.CopyFrom(self.hashes[said.ref_hash])
            known.metadata.CopyFrom(said.metadata)
            return known
        if said.hash:
            self.hashes[said.hash] = said
            if len(self.hashes) > 500:  # as a browser does
                del self.hashes[next(iter(self.hashes))]
        return said

    def of(self, kind: str) -> list[Any]:
        """The elements of a kind, in the order of the page."""
        return [getattr(one, kind) for one in self.elements.values() if one.WhichOneof("type") == kind]

    def widget(self, kind: str, key: str) -> Any:
        """The widget with this label or key."""
        return next(one for one in self.of(kind) if one.label == key or one.id.endswith(f"-{key}"))

    def choose(self, kind: str, key: str, what: str, value: Any) -> None:
        """Set a widget's value, for the next run."""
        self.widgets[self.widget(kind, key).id] = (what, value)

    async def upload(self, label: str, files: list[tuple[str, bytes]]) -> None:
        """Give files to an uploader, as the browser does, for the next run."""
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.extend(name for name, _ in files)
        await self.socket.send(message.SerializeToString())
        while (said := await self._next()).WhichOneof("type") != "file_urls_response":
            pass
        urls = said.file_urls_response.file_urls
        identity = self.widget("file_uploader", label).id
        before = self.widgets.get(identity)
        for (name, content), one in zip(files, urls, strict=True):
            await self.http("PUT", one.upload_url, name, content)
        self.widgets[identity] = (
            "file_uploader_state_value",
            [(name, len(content), one) for (name, content), one in zip(files, urls, strict=True)],
        )
        for _, _, one in before[1] if before else []:
            await self.http("DELETE", one.delete_url)

    async def http(self, method: str, path: str, name: str = "", content: bytes | None = None) -> bytes:
        """A request of this session's, with a file as a browser's form sends it."""
        headers = {"Cookie": f"{COOKIE}={self.token}", "X-Xsrftoken": self.token}
        if content is not None:
            mark = "torture-boundary"
            headers["Content-Type"] = f"multipart/form-data; boundary={mark}"
            head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
            content = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        request = urllib.request.Request(self.address + path, content, headers, method=method)

        def send() -> bytes:
            with urllib.request.urlopen(request, timeout=LONGEST) as answer:
                return answer.read()

        return await asyncio.to_thread(send)

    def answer(self) -> list[str]:
        """All that the page says, letter by letter: text, HTML with its pictures, the components' data but their session."""
        said = []
        for one in self.elements.values():
            kind = one.WhichOneof("type")
            if kind == "html":
                said.append(one.html.body)
            elif kind == "markdown":
                said.append(one.markdown.body)
            elif kind == "alert":
                said.append(f"{one.alert.format} {one.alert.body}")
            elif kind == "exception":
                said.append(f"exception {one.exception.type}: {one.exception.message}")
            elif kind == "bidi_component" and one.bidi_component.json:
                data = json.loads(one.bidi_component.json)
                said.append(json.dumps({k: v for k, v in data.items() if k not in ("session", "start", "heard")}))
        return said


@asynccontextmanager
async def visitor(address: str, page: str) -> AsyncIterator[Visitor]:
    """A new session on the page with this name in its address."""
    with urllib.request.urlopen(f"{address}/_stcore/health", timeout=30) as answer:
        cookies = answer.headers.get_all("Set-Cookie") or []
    token = next((part.split("=", 1)[1].split(";")[0] for part in cookies if part.startswith(COOKIE)), "").strip('"')
    where = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    async with connect(where, subprotocols=["streamlit"], max_size=None, open_timeout=LONGEST) as socket:
        one = Visitor(address, socket, token)
        one.name = page
        yield one
