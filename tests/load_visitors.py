"""Visitors without a browser: they speak Streamlit's own protocol with a running app, each over one WebSocket.

A visitor does one thing at a time, as a person does; what the app asks to be polled is polled while it waits.
"""

from __future__ import annotations

import asyncio
import json
import time
from types import TracebackType
from urllib.parse import urlencode

import numpy as np
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.visitor.workspace import COOKIE
from tests.drawings import canvas

PATIENCE = 60.0  # seconds for one answer of the app


class NoAnswer(Exception):
    """The app did not answer, or not with what was looked for."""


class Visitor:
    """One open page.

    Attributes:
        token: the secret of its workspace.
        problems: sentences that the app showed as errors.
    """

    def __init__(self, address: str, token: str) -> None:
        """Come with a workspace's secret in the cookie; `async with` opens the connection.

        Args:
            address: the app's, such as "127.0.0.1:8501".
            token: 43 letters.
        """
        self._address, self.token = address, token
        self._pages: dict[str, str] = {}
        self._page, self._query = "", ""
        self._timers: dict[str, tuple[float, float]] = {}  # fragments with the seconds between looks, and the next one
        self._elements: dict[tuple[int, ...], tuple[str, str, str]] = {}  # by place: id, fragment, text
        self._disabled: set[str] = set()
        self._strokes: list[np.ndarray] = []
        self.problems: list[str] = []

    async def __aenter__(self) -> Visitor:
        self._socket = await websockets.connect(
            f"ws://{self._address}/_stcore/stream",
            subprotocols=["streamlit"],
            additional_headers={"Cookie": f"{COOKIE}={self.token}"},
            origin=f"http://{self._address}",
            max_size=None,
            ping_interval=None,  # a browser does not lose patience either
        )
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._socket.close()

    async def open(self, page: str = "", **query: str) -> float:
        """Arrive at a page by its address; returns the seconds until it is whole."""
        self._query = urlencode(query)
        message = BackMsg()
        message.rerun_script.page_name = page
        return await self._asked(message)

    async def go_to(self, page: str) -> float:
        """Follow the menu to a page ("train"); returns the seconds until it is whole."""
        self._query = ""
        message = BackMsg()
        message.rerun_script.page_script_hash = self._pages[page]
        return await self._asked(message)

    async def press(self, key: str) -> float:
        """Press the button of this key; returns the seconds until the page has followed."""
        identifier, fragment = self._found(key)
        message = self._rerun(fragment)
        message.rerun_script.widget_states.widgets.add(id=identifier, trigger_value=True)
        return await self._asked(message)

    async def choose(self, key: str, option: str) -> float:
        """Choose in the list of this key; returns the seconds until the page has followed."""
        identifier, fragment = self._found(key)
        message = self._rerun(fragment)
        message.rerun_script.widget_states.widgets.add(id=identifier, string_value=option)
        return await self._asked(message)

    async def draw(self, stroke: np.ndarray) -> float:
        """Add a stroke to the board; returns the seconds until it is answered."""
        identifier, fragment = self._found("board_")
        self._strokes.append(stroke)
        message = self._rerun(fragment)
        value = json.dumps({"drawing": {"raw": canvas(self._strokes), "data": ""}, "backgroundFit": None})
        message.rerun_script.widget_states.widgets.add(id=identifier, json_value=value)
        return await self._asked(message)

    async def clear(self) -> float:
        """Take everything off the board; returns the seconds until it is empty."""
        self._strokes.clear()
        return await self.press("clear")

    async def look(self, seconds: float) -> None:
        """Watch the page for a while."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            due = sorted((following, fragment) for fragment, (_, following) in self._timers.items())
            if due and due[0][0] <= now:
                fragment = due[0][1]
                self._timers[fragment] = self._timers[fragment][0], now + self._timers[fragment][0]
                message = self._rerun(fragment)
                message.rerun_script.is_auto_rerun = True
                await self._asked(message)
                continue
            try:
                await self._hear(min([until, *(following for following, _ in due)]) - now)
            except TimeoutError:
                continue

    def can_press(self, key: str) -> bool:
        """Whether the page has a button of this key that is not disabled."""
        return any(_is_named(identifier, key) for identifier, _, _ in self._elements.values()) and not any(
            _is_named(identifier, key) for identifier in self._disabled
        )

    def reads(self, words: str) -> bool:
        """Whether the page says this now, in Markdown or in a component of our own."""
        return any(words in text for _, _, text in self._elements.values())

    def _found(self, key: str) -> tuple[str, str]:
        for identifier, fragment, _ in self._elements.values():
            if _is_named(identifier, key):
                return identifier, fragment
        raise NoAnswer(f"there is nothing named {key} on the page")

    def _rerun(self, fragment: str) -> BackMsg:
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.fragment_id = fragment
        return message

    async def _asked(self, message: BackMsg) -> float:
        """Send it, and hear what comes until the script is through."""
        began = time.monotonic()
        message.rerun_script.query_string = self._query
        message.rerun_script.context_info.url = f"http://{self._address}/"
        if not message.rerun_script.fragment_id:
            self._forget()
        await self._socket.send(message.SerializeToString())
        while await self._hear(began + PATIENCE - time.monotonic()) not in _THROUGH:
            pass
        return time.monotonic() - began

    async def _hear(self, seconds: float) -> int | None:
        """Take one message in; returns how a script ended, if it did."""
        heard = ForwardMsg.FromString(await asyncio.wait_for(self._socket.recv(decode=False), max(seconds, 0.001)))
        kind = heard.WhichOneof("type")
        if kind == "new_session":
            self._page = heard.new_session.page_script_hash
        elif kind == "navigation":
            self._pages = {page.url_pathname: page.page_script_hash for page in heard.navigation.app_pages}
            self._page = heard.navigation.page_script_hash or self._page
        elif kind == "page_info_changed":
            self._query = heard.page_info_changed.query_string
        elif kind == "auto_rerun":
            every = heard.auto_rerun.interval
            self._timers[heard.auto_rerun.fragment_id] = every, time.monotonic() + every
        elif kind == "delta":
            self._place(tuple(heard.metadata.delta_path), heard)
        elif kind == "stop_auto_rerun":
            for fragment in heard.stop_auto_rerun.fragment_ids:
                self._timers.pop(fragment, None)
        elif kind == "script_finished":
            if heard.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._forget()
            return heard.script_finished
        return None

    def _forget(self) -> None:
        """Let go of what was on the page: it comes anew, the whole of it."""
        self._elements.clear()
        self._disabled.clear()
        self._timers.clear()

    def _place(self, path: tuple[int, ...], heard: ForwardMsg) -> None:
        """Note an element that came, in the place of what was there; with a block, what was inside is gone."""
        for place in [place for place in self._elements if place[: len(path)] == path]:
            identifier, _, _ = self._elements.pop(place)
            self._disabled.discard(identifier)
        delta = heard.delta
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind)
        identifier = str(getattr(element, "id", ""))
        text = str(getattr(element, "body", "") or getattr(element, "json", ""))
        self._elements[path] = identifier, delta.fragment_id, text
        if getattr(element, "disabled", False):
            self._disabled.add(identifier)
        if kind == "exception" or (kind == "alert" and element.format == element.ERROR):
            self.problems.append(text or element.message)


def _is_named(identifier: str, key: str) -> bool:
    """Whether an element's id ends with this key, or where the key ends with "_", with it and a number."""
    named = identifier.split("-", 2)[-1]
    return named == key or (key.endswith("_") and named.removeprefix(key).isdigit())


_THROUGH = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
