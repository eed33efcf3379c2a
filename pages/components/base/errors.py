"""Turn errors into sentences on the page."""

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import InklingError

_log = logging.getLogger("inkling.pages")


@contextmanager
def on_page() -> Iterator[None]:
    """Show an `InklingError` as an error box; log any other error with an id, and show a sentence that names the id.

    Works as a decorator too. A fragment needs its own: Streamlit reruns it without the page around it.
    """
    try:
        yield
    except Exception as error:
        st.error(_sentence(error), icon=_ICON)
    # After the page, not before: when a page reruns while it is drawn, what was just sent may never arrive.
    if problem := st.session_state.pop("problem", ""):
        st.toast(problem, icon=_ICON, duration="long")


@contextmanager
def in_callback() -> Iterator[None]:
    """Show an error in a widget's callback as a toast over the page, which is drawn as usual.

    A decorator for each callback that touches a store: without it Streamlit would show its own error instead of the
    page.
    """
    try:
        yield
    except Exception as error:
        st.session_state.problem = _sentence(error)


def plain(text: str) -> str:
    """Markdown that shows text from outside as it is, with no link, image, directive or formula."""
    return "".join(f"\\{letter}" if letter in _MARKUP else letter for letter in _BREAKS.sub(" ", text.strip()))


def _sentence(error: Exception) -> str:
    """The sentence for an error that is being handled, as Markdown."""
    if isinstance(error, InklingError):
        return plain(str(error))
    incident = secrets.token_hex(4)
    run = st.query_params.get("run", "")[:22]  # as long as an id; the address may have anything in it
    _log.exception("event=incident incident=%s run=%r", incident, run)
    return f"Something went wrong here, and it is our fault. Reload the page to go on; the log calls it {incident}."


_ICON = ":material/error:"
_BREAKS = re.compile(r"[ \t\r\n\f\v\x1c-\x1f\x85\u2028\u2029]+")  # not the thin spaces before units
_MARKUP = frozenset(r"\`*_{}[]()<>#+!|~$:&")
