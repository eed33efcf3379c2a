"""A script to read line by line, to run and to download.

The code is on the left, and on the right what the chosen line does; the browser moves between lines by itself.
"""

from typing import Any

import streamlit as st

from core.lessons.glossary import find
from core.lessons.scripts import Script, ScriptLine
from core.networks.presets import PRESETS
from pages.components.base.component import register
from pages.components.base.typesetting import caption
from pages.components.learn import chapter, recipe_button
from pages.components.learn.chapter_links import Link, address, follow

_reader = register(__file__)


def render(script: Script, outcome: str) -> None:
    """Draw the lines of a script, the explanation of the chosen one, and the buttons to run and download the script.

    Args:
        script: what is read.
        outcome: what a run of it takes and ends with, in a sentence or two of Markdown.
    """
    st.markdown("Choose a line, by a click or with the arrow keys, and read what it does.")
    key = f"reader_{script.preset}"
    data = {"lines": [_described(line) for line in script.lines]}
    _reader(key=key, data=data, on_followed_change=lambda: follow(key))
    with st.container(horizontal=True, gap="small", key="script_buttons"):
        recipe_button.render("Run it", PRESETS[script.preset], key="run_script", is_main=True)
        st.download_button(
            "Download",
            script.source,
            file_name=f"{script.preset.replace('-', '_')}.py",
            mime="text/x-python",
            icon=":material/download:",
            key="download_script",
            on_click="ignore",
        )
    caption(f"“Run it” opens the Train page with this recipe; press Train there. {outcome}")


def _described(line: ScriptLine) -> dict[str, Any]:
    terms = [term for term in map(find, line.terms) if term]
    here = st.query_params.get("chapter")
    chapters = [term.chapter for term in terms if chapter.title(term.chapter) and term.chapter != here][:1]
    return {
        "code": line.code,
        "explanation": line.explanation,
        "terms": [Link(term.name, address("glossary", term=term.key))._asdict() for term in terms],
        "chapters": [Link(chapter.title(name), address(name))._asdict() for name in chapters],
    }
