"""The button that puts a run on the scoreboard or takes it off."""

import streamlit as st

from core.store.run_tables import Run
from core.store.scoreboard import MAX_NICKNAME, is_for_scoreboard, scoreboard
from pages.components.base import errors
from pages.components.base.errors import plain
from pages.components.base.popover import popover
from pages.components.base.typesetting import caption
from pages.components.visitor import workspace


def render(run: Run) -> None:
    """Render the button that unfolds into the choice; nothing for somebody else's run or one without figures."""
    if not (workspace.owns(run) and is_for_scoreboard(run)):
        return
    entry = scoreboard().entry(run.id)
    label = "On the scoreboard" if entry else "Scoreboard"
    with popover(label, key=f"scoreboard_{run.id}", icon=":material/leaderboard:"):
        with st.container(gap="small"):  # so that the link stays where it is when the choice changes
            if entry:
                st.markdown(f"Everyone here sees it as **{plain(entry.nickname)}**.")
                st.button("Take it off", key=f"leave_{run.id}", on_click=leave, args=(run.id,))
            else:
                st.markdown("**Show this result to everyone here**")
                nickname = scoreboard().last_nickname(workspace.owner())
                st.text_input("Nickname", nickname, MAX_NICKNAME, key=f"nickname_{run.id}")
                st.button("Show it", key=f"join_{run.id}", on_click=_join, args=(run,))
                caption(
                    "They see the nickname, the recipe's name and the figures, not the run. You can take it off again."
                )
        st.page_link("pages/scoreboard.py", label=":small[See the scoreboard]")


@errors.in_callback()
def leave(run_id: str) -> None:
    """Take the visitor's entry off the scoreboard."""
    scoreboard().leave(run_id, workspace.owner())


@errors.in_callback()
def _join(run: Run) -> None:
    scoreboard().join(run, workspace.owner(), st.session_state[f"nickname_{run.id}"])
