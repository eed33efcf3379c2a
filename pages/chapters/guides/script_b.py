"""Script B, line by line."""

import streamlit as st

from core.lessons.scripts import SCRIPT_B
from core.networks.presets import PRESETS
from pages.components.base.typesetting import caption
from pages.components.learn import script_reader, try_it

TITLE = "Script B, line by line"
SUMMARY = "A shorter program with one convolution and a plainer optimiser, every line of it explained."


def render() -> None:
    """The script, what each line does, and the way to run it."""
    st.markdown("Choose a line, by a click or with the arrow keys, and read what it does.")
    script_reader.render(SCRIPT_B)
    with st.container(horizontal=True, gap="small", key="script_ways"):
        try_it.button("Run it", PRESETS[SCRIPT_B.preset], key="run_script", is_main=True)
        st.download_button(
            "Download",
            SCRIPT_B.source,
            file_name="script_b.py",
            mime="text/x-python",
            icon=":material/download:",
            key="download_script",
            on_click="ignore",
        )
    caption(
        "It opens the Train page with this very recipe; press Train there. It takes about 45 seconds and ends near "
        "98.6\N{THIN SPACE}%. When it is over, the page shows a test image by chance and what is read in it, as the "
        "last lines do."
    )
