"""The one place where errors become sentences on the page."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import InklingError

_log = logging.getLogger("inkling.pages")


@contextmanager
def shown() -> Iterator[None]:
    """Show what a person can mend as it stands; log anything else with an id and show one friendly sentence.

    Works as a decorator too. A fragment needs its own: Streamlit reruns it without the page around it.
    """
    try:
        yield
    except InklingError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception:
        incident = secrets.token_hex(4)
        _log.exception("Incident %s", incident)
        st.error(
            f"Something went wrong here, and it is our fault. Reload the page to go on; the log calls it {incident}.",
            icon=":material/error:",
        )


def plain(text: str) -> str:
    """Text from outside as Markdown that shows just that text: no link, image, directive or formula."""
    return "".join(f"\\{letter}" if letter in _MARKUP else letter for letter in " ".join(text.split()))


_MARKUP = frozenset(r"\`*_{}[]()<>#+!|~$:&")
