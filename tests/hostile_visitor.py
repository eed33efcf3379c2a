"""A visitor who may say to the server what no browser would; sound ones are in `load_visitors.py`."""

import json
import secrets
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

PATIENCE = 60  # seconds for one run of a page


@dataclass
class Seen:
    """What a run of the page has put on it.

    Attributes:
        texts: of errors, other alerts and toasts, and of Markdown.
        exceptions: what Streamlit shows where an exception has left the page's own hands.
        widgets: ids of components, file uploaders and popovers, by their keys.
        sent: by component name, the JSON that was sent to it.
    """

    texts: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    widgets: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)

    def keep(self, widget: str) -> None:
        """Note a widget's id, "$$ID-<hash>-<key>"."""
        self.widgets[widget.split("-", 2)[-1]] = widget


class Visitor:
    """One session with a server; a context manager."""

    def __init__(self, url: str) -> None:
        """Take the cookies of the page; the connection is opened by `with`.

        Args:
            url: of the server, such as "http://127.0.0.1:8501".
        """
        self.host = urlsplit(url).netloc
        self.xsrf = ""
        self.session_id = ""
        self.page_hash = ""
        self.state: dict[str, WidgetState] = {}  # of every widget, as a browser keeps it and sends it along
        for name, value in self.request("GET", "/_stcore/health")[1]:
            if name.lower() == "set-cookie" and value.startswith("_streamlit_xsrf="):
                self.xsrf = value.partition("=")[2].partition(";")[0]
        self._connection = connect(
            f"ws://{self.host}/_stcore/stream",
            origin=f"http://{self.host}",
            subprotocols=["streamlit"],
            max_size=None,
            open_timeout=PATIENCE,
            close_timeout=1.0,  # the server's goodbye comes behind all that a visitor has not read
            proxy=None,
        )

    def __enter__(self) -> "Visitor":
        self._socket = self._connection.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._connection.__exit__(None, None, None)

    def run(self, query: str = "", *, page: str = "") -> Seen:
        """Run a page with this query string, without its "?", and with what the widgets hold."""
        self.ask(query, page=page)
        return self._hear()

    def ask(self, query: str = "", *, page: str = "") -> None:
        """Ask for such a run, and do not listen."""
        message = BackMsg()
        message.rerun_script.query_string = query
        if page:
            message.rerun_script.page_name = page
        else:
            message.rerun_script.page_script_hash = self.page_hash
        message.rerun_script.widget_states.widgets.extend(self.state.values())
        message.rerun_script.context_info.url = f"http://{self.host}/{page}"
        self.say(message.SerializeToString())

    def say(self, frame: bytes | str) -> None:
        """Send a frame, whatever it is."""
        self._socket.send(frame)

    def _hear(self) -> Seen:
        seen = Seen()
        while True:
            heard = ForwardMsg()
            heard.ParseFromString(self._socket.recv(timeout=PATIENCE))
            match heard.WhichOneof("type"):
                case "new_session":
                    self.session_id = heard.new_session.initialize.session_id
                    self.page_hash = heard.new_session.page_script_hash
                case "navigation":
                    self.page_hash = heard.navigation.page_script_hash
                case "delta" if heard.delta.add_block.popover.id:
                    seen.keep(heard.delta.add_block.popover.id)
                case "delta":
                    _note(heard.delta.new_element, seen)
                case "script_finished" if heard.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return seen

    def upload(self, content: bytes, name: str = "file", xsrf: str | None = None, session: str = "") -> tuple[int, str]:
        """Put a file on the upload endpoint; returns the status and the file's id."""
        file_id, border = secrets.token_hex(8), secrets.token_hex(16)
        head = f'--{border}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        body = head.encode("utf-8", "replace") + content + f"\r\n--{border}--\r\n".encode()
        token = self.xsrf if xsrf is None else xsrf
        headers = {
            "Content-Type": f"multipart/form-data; boundary={border}",
            "X-Xsrftoken": token,
            "Cookie": f"_streamlit_xsrf={self.xsrf}",
        }
        status, _, _ = self.request(
            "PUT", f"/_stcore/upload_file/{session or self.session_id}/{file_id}", body, headers
        )
        return status, file_id

    def choose(self, widget: str, file_id: str, name: str, size: int) -> None:
        """Let a file uploader hold a file."""
        state = WidgetState(id=widget)
        state.file_uploader_state_value.uploaded_file_info.add(file_id=file_id, name=name, size=size)
        self.state[widget] = state

    def unfold(self, widget: str) -> Seen:
        """Open a popover; what is in it is drawn only then."""
        self.state[widget] = WidgetState(id=widget, bool_value=True)
        return self.run()

    def tell(self, widget: str, content: str) -> None:
        """Let a component hold this JSON."""
        self.state[widget] = WidgetState(id=widget, json_value=content)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """An HTTP request, its path as it stands; returns status, headers and the first megabyte of the answer."""
        connection = HTTPConnection(self.host, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read(1_000_000)
        except (BrokenPipeError, ConnectionResetError):  # the server has refused it before it had all of it
            return 413, [], b""
        finally:
            connection.close()


def _note(element: object, seen: Seen) -> None:
    kind = element.WhichOneof("type")  # type: ignore[attr-defined]
    part = getattr(element, kind) if kind else None
    if kind == "exception":
        seen.exceptions.append(f"{part.type}: {part.message}")
    elif kind in ("alert", "toast", "markdown"):
        seen.texts.append(part.body)
    elif kind in ("file_uploader", "bidi_component"):
        seen.keep(part.id)
        if kind == "bidi_component":
            seen.sent[part.component_name] = part.json or json.dumps(None)
