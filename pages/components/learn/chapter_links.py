"""Links between the chapters of Learn, which the browser's back button undoes.

Streamlit's own page links change the address only if they lead to another page, and all chapters are one page. These
are real links too, so they can be copied and opened in another tab; a plain click stays in the visitor's session.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from pages.components.base.component import register

_links = register(__file__, html="<nav></nav>")


class Link(NamedTuple):
    """A link: its text, where it leads, and a sentence below it."""

    label: str
    href: str
    sentence: str = ""


def address(chapter: str = "", *, term: str = "", run: str = "") -> str:
    """The address of a chapter, or of the contents, relative to any page of the app.

    Args:
        chapter: the chapter's module name; "" for the contents.
        term: key of a term of the glossary.
        run: id of the run whose model the chapters work with.
    """
    query = {name: value for name, value in (("chapter", chapter), ("term", term), ("run", run)) if value}
    return f"learn?{urlencode(query)}" if query else "learn"


def follow(key: str) -> None:
    """Open the link that was clicked in a component; to be called in the component's callback.

    The chapter's fragment notices the new address and reruns the page.
    """
    href = st.session_state[key].get("followed")
    if isinstance(href, str):  # any browser may send anything
        query = dict(st.query_params) | {"chapter": "", "term": ""} | dict(parse_qsl(href.partition("?")[2]))
        st.query_params.from_dict({name: query[name] for name in ("chapter", "term", "run") if query.get(name)})


def render(key: str, name: str, links: Sequence[Link], form: Literal["list", "row"] = "row") -> None:
    """Draw links as a numbered list, or as a row with one at each end.

    Args:
        key: of the component.
        name: accessible name of the group of links.
        links: at least one.
        form: list or row.
    """
    data = {"name": name, "form": form, "links": [link._asdict() for link in links]}
    _links(key=key, data=data, on_followed_change=lambda: follow(key))
