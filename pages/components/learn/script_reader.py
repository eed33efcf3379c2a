"""A script to read: its lines on the left, and on the right what the chosen one does, with the words to look up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from core.lessons.glossary import Term, find
from core.lessons.scripts import Script, ScriptLine
from pages.components.learn.glossary_view import address, follow, linked

_HERE = Path(__file__)
_reader = st.components.v2.component(
    "inkling.script_reader",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show(script: Script, title: Callable[[str], str]) -> None:
    """Draw the script.

    Args:
        script: what to read.
        title: gives the title of a chapter, "" where there is none of that name.
    """
    key = f"reader_{script.preset}"
    data = {"lines": [_line(line, title) for line in script.lines]}
    # The chapter is drawn in a fragment, and another one needs the whole page.
    if _reader(key=key, data=data, on_wanted_change=lambda: follow(key)).wanted:
        st.rerun()


def _line(line: ScriptLine, title: Callable[[str], str]) -> dict[str, Any]:
    terms = [term for term in map(find, line.terms) if term]
    return {"code": line.code, "says": line.says, "terms": linked(terms), "chapters": _chapters(terms, title)}


def _chapters(terms: list[Term], title: Callable[[str], str]) -> list[dict[str, str]]:
    """The chapter that shows the line's first word at work, if there is one."""
    named = [term.chapter for term in terms if title(term.chapter)]
    return [{"name": title(name), "chapter": name, "href": address(name)} for name in named[:1]]
