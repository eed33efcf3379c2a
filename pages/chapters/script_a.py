"""Script A, line by line."""

import streamlit as st

from core.insight.scripts import SCRIPT_A
from core.networks.recipe import PRESETS
from pages.chapters.titles import title
from pages.components import script_reader, try_it
from pages.components.typesetting import quiet

TITLE = "Script A, line by line"
SUMMARY = "A whole Keras program with three convolutions, every line of it explained."


def show() -> None:
    """The script, what each line does, and the way to run it."""
    st.markdown("Choose a line, by a click or with the arrow keys, and read what it does.")
    script_reader.show(SCRIPT_A, title)
    try_it.button("Run it", PRESETS[SCRIPT_A.preset], key="run_script", is_main=True)
    quiet(
        "It opens the Train page with this very recipe; press Train there. It takes about a minute and a half and ends "
        "near 99.1\N{THIN SPACE}%. The chapter on improvements tells what can be made better."
    )
