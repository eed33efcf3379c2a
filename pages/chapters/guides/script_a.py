"""Script A, line by line."""

from core.lessons.scripts import SCRIPT_A
from pages.components.learn import script_reader

TITLE = "Script A, line by line"
SUMMARY = "A whole Keras program with three convolutions, every line of it explained."


def render() -> None:
    """Draw the script, what each line does, and the buttons to run and to download it."""
    script_reader.render(
        SCRIPT_A,
        "It takes about a minute and a half and ends near 99.1\N{THIN SPACE}%. The chapter “Improving Script A” says "
        "what could be better.",
    )
