"""Script B, line by line."""

from core.lessons.scripts import SCRIPT_B
from pages.components.learn import script_reader

TITLE = "Script B, line by line"
SUMMARY = "A shorter program with one convolution and a plainer optimiser, every line of it explained."


def render() -> None:
    """Draw the script, what each line does, and the buttons to run and to download it."""
    script_reader.render(
        SCRIPT_B,
        "It takes about 45 seconds and ends near 98.6\N{THIN SPACE}%. At the end, the page shows a random test image "
        "and what the network reads in it, as the last lines do.",
    )
