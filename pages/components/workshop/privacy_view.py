"""What is kept of a visitor, in a table, and the button that deletes all of it."""

import streamlit as st

from core.store.privacy import Holdings, kept, privacy
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.parts import folding_table
from pages.components.visitor import workspace

WIDTH = 300  # pixels inside a popover


def render() -> None:
    """Draw everything."""
    st.markdown(
        "Inkling asks for no name and no address, counts no clicks and sends nothing to anybody else. "
        "A drawing is answered and forgotten, unless you give it its right digit or a run of yours watches it."
    )
    rows = [[one.what, one.why, one.until] for one in kept()]
    folding_table.render("kept", "What is kept, why and for how long", ["What", "Why", "How long"], rows)
    st.header("Delete everything of mine", anchor=False)
    owner = workspace.owner()
    held = privacy().holdings(owner)
    if held.is_empty and st.session_state.get("forgotten"):
        st.success("Everything of yours is deleted, and this browser has begun anew.", icon=":material/check:")
    elif held.is_empty:
        caption("Nothing of yours is kept here but the cookie and the time of this visit.")
    else:
        st.markdown(f"{_said(held)} of yours {'is' if held.total == 1 else 'are'} kept here.")
    # A key of its own for every workspace: the question is over when it is answered.
    with (
        st.popover("Delete everything of mine", key=f"forget_{owner[:8]}", icon=":material/delete:"),
        st.container(width=WIDTH),
    ):
        st.markdown(
            "Delete all your runs, models, drawings and scoreboard entries? What trains is stopped. "
            "None of it can be brought back."
        )
        st.button("Delete everything", key="forget_now", on_click=_forget)
    caption("What you took home stays yours: downloaded files, and copies in the hands of others.")


def _said(held: Holdings) -> str:
    counts = ((held.runs, "run"), (held.drawings, "drawing"), (held.entries, "entry on the scoreboard"))
    parts = [f"{count:,} {_several(what) if count > 1 else what}" for count, what in counts if count]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _several(what: str) -> str:
    return what.replace("entry", "entries") if "entry" in what else f"{what}s"


@errors.in_callback()
def _forget() -> None:
    privacy().forget(workspace.owner())
    workspace.begin_anew()
    st.session_state.forgotten = True
