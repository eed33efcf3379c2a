"""Script A, line by line."""

import streamlit as st

from core.lessons.scripts import SCRIPT_A
from core.networks.presets import PRESETS
from pages.components.base.typesetting import caption
from pages.components.learn import script_reader, try_it

TITLE = "Script A, line by line"
SUMMARY = "A whole Keras program with three convolutions, every line of it explained."


def render() -> None:
    """The script, what each line does, and the way to run it."""
    st.markdown("Choose a line, by a click or with the arrow keys, and read what it does.")
    script_reader.render(SCRIPT_A)
    with st.container(horizontal=True, gap="small", key="script_ways"):
        try_it.button("Run it", PRESETS[SCRIPT_A.preset], key="run_script", is_main=True)
        st.download_button(
            "Download",
            SCRIPT_A.source,
            file_name="script_a.py",
            mime="text/x-python",
            icon=":material/download:",
            key="download_script",
            on_click="ignore",
        )
    caption(
        "It opens the Train page with this very recipe; press Train there. It takes about a minute and a half and ends "
        "near 99.1\N{THIN SPACE}%. The chapter on improvements tells what can be made better."
    )
