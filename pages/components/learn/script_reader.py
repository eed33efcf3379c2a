"""A script to read: its lines on the left, and on the right what the chosen one does, with the words to look up."""

from typing import Any

import streamlit as st

from core.lessons.glossary import Term, find
from core.lessons.scripts import Script, ScriptLine
from pages.components.base.component import register
from pages.components.learn import chapter
from pages.components.learn.glossary_view import address, follow, linked

_reader = register(__file__)


def render(script: Script) -> None:
    """Draw the lines of a script, and beside them what the chosen one does."""
    key = f"reader_{script.preset}"
    data = {"lines": [_line(line) for line in script.lines]}
    # The chapter is drawn in a fragment, and another one needs the whole page.
    if _reader(key=key, data=data, on_wanted_change=lambda: follow(key)).wanted:
        st.rerun()


def _line(line: ScriptLine) -> dict[str, Any]:
    terms = [term for term in map(find, line.terms) if term]
    return {"code": line.code, "says": line.says, "terms": linked(terms), "chapters": _chapters(terms)}


def _chapters(terms: list[Term]) -> list[dict[str, str]]:
    """The chapter that shows the line's first word at work, if there is one."""
    named = [term.chapter for term in terms if chapter.title(term.chapter)]
    return [{"name": chapter.title(name), "chapter": name, "href": address(name)} for name in named[:1]]
