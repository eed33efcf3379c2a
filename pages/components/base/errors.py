"""The one place where errors become sentences on the page."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import InklingError

_log = logging.getLogger("inkling.pages")

# What this leaves in the session:
#   problem     a sentence about what a callback could not do, until the page has been drawn


@contextmanager
def on_page() -> Iterator[None]:
    """Show what a person can mend as it stands; log anything else with an id and show one friendly sentence.

    Works as a decorator too. A fragment needs its own: Streamlit reruns it without the page around it.
    """
    try:
        yield
    except Exception as error:
        st.error(_sentence(error), icon=_ICON)
    # Not before the drawing: if that begins anew, what has just been sent may never arrive.
    if problem := st.session_state.pop("problem", ""):
        st.toast(problem, icon=_ICON, duration="long")


@contextmanager
def in_callback() -> Iterator[None]:
    """Say what goes wrong in a widget's callback over the page, which is then drawn as ever.

    A decorator for each callback that touches a store: one that raises would leave Streamlit's own sentence in the
    place of the page.
    """
    try:
        yield
    except Exception as error:
        st.session_state.problem = _sentence(error)


def plain(text: str) -> str:
    """Text from outside as Markdown that shows just that text: no link, image, directive or formula."""
    return "".join(f"\\{letter}" if letter in _MARKUP else letter for letter in " ".join(text.split()))


def _sentence(error: Exception) -> str:
    """What people are told of an error that is being handled, as Markdown."""
    if isinstance(error, InklingError):
        return plain(str(error))
    incident = secrets.token_hex(4)
    run = st.query_params.get("run", "")[:22]  # as long as an id; the address may have anything in it
    _log.exception("event=incident incident=%s run=%r", incident, run)
    return f"Something went wrong here, and it is our fault. Reload the page to go on; the log calls it {incident}."


_ICON = ":material/error:"
_MARKUP = frozenset(r"\`*_{}[]()<>#+!|~$:&")
