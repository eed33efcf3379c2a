"""Links between the chapters of Learn, which the browser's back button undoes.

Streamlit's own page links change the address only where they lead to another page, and all chapters are one page. These
are real links too, so they can be copied and opened in another tab; a plain click stays in the visitor's session.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlencode

import streamlit as st

from pages.components.base.component import register

_links = register(__file__, html="<nav></nav>")


class Link(NamedTuple):
    """A link within Learn: what it is called, the address's values, and a sentence below it."""

    label: str
    query: dict[str, str]
    sentence: str = ""


def render(key: str, name: str, links: Sequence[Link], form: Literal["list", "row"] = "row") -> None:
    """Draw them, and follow the one that was clicked.

    Args:
        key: of the component.
        name: what the links are together, for who cannot see them.
        links: at least one.
        form: a numbered list, or a row whose ends they stand at.
    """
    known = {f"?{urlencode(link.query)}": link for link in links}
    data = {
        "name": name,
        "form": form,
        "links": [{"href": href, "label": link.label, "sentence": link.sentence} for href, link in known.items()],
    }

    def follow() -> None:
        chosen = known.get(str(st.session_state[key].get("followed")))  # any browser may send anything
        if chosen:
            st.query_params.from_dict(chosen.query)

    _links(key=key, data=data, on_followed_change=follow)
