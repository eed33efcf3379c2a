"""The presets as cards to choose from: a group of radio buttons, each with its name, a line and what to expect."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import streamlit as st

from pages.components.base.component import register

_cards = register(__file__, html="<fieldset><legend>Recipe</legend></fieldset>")


@dataclass(frozen=True)
class Card:
    """What one card says."""

    preset: str
    name: str
    line: str
    expect: str


def render(cards: list[Card], chosen: str, changed: bool, on_choice: Callable[[str], None]) -> None:
    """Draw the cards.

    Args:
        cards: in the order in which they are shown.
        chosen: preset of the card that is marked.
        changed: whether settings differ from that preset.
        on_choice: called with the preset of a card that was clicked; then the page is drawn again.
    """
    data = {"cards": [asdict(card) for card in cards], "chosen": chosen, "changed": changed}
    clicked = _cards(key="preset_cards", data=data, on_clicked_change=lambda: None).clicked
    if clicked == st.session_state.get("preset_cards_clicked"):
        return
    st.session_state.preset_cards_clicked = clicked
    for card in cards:  # any browser may send anything
        if isinstance(clicked, list) and card.preset in clicked[:1]:
            on_choice(card.preset)
            st.rerun()
