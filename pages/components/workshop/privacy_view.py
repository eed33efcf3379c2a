"""What is kept about a visitor, in a table, and the button that deletes all of it.

In the session: `forgotten`, whether that button was pressed.
"""

import streamlit as st

from core.store.privacy import kept, privacy
from pages.components.base import errors
from pages.components.base.popover import popover
from pages.components.base.typesetting import caption
from pages.components.parts import table
from pages.components.visitor import workspace


def render() -> None:
    """Render everything below the title."""
    st.markdown(
        "Inkling asks for no name and no address, counts no clicks and sends nothing to anybody else. "
        "A drawing is answered and forgotten, unless you say which digit it is or one of your runs reads it."
    )
    rows = [[one.what, one.why, one.until] for one in kept()]
    table.render("kept", "What is kept, why and for how long", ["What", "Why", "How long"], rows, folds=True)
    _render_former()
    st.header("Delete all my data", anchor=False)
    owner = workspace.owner()
    held = privacy().holdings(owner)
    if held.is_empty and st.session_state.get("forgotten"):
        st.success("All your data is deleted, and this browser has a new, empty workspace.", icon=":material/check:")
    elif held.is_empty:
        caption("Only the cookie and the time of this visit are kept.")
    else:
        st.markdown(f"{held} of yours {'is' if held.total == 1 else 'are'} kept here.")
    # The new workspace gets a new popover, which is closed.
    with popover("Delete all my data", key=f"forget_{owner[:8]}", icon=":material/delete:"):
        st.markdown(
            "Delete all your runs, models, drawings and scoreboard entries? Runs that train are stopped. "
            "This cannot be undone."
        )
        st.button("Delete everything", key="forget_now", on_click=_forget)
    caption("Files that you or others have downloaded are not affected.")


def _render_former() -> None:
    former = [(token, privacy().holdings(workspace.owner_of(token))) for token in workspace.former()]
    if not any(not held.is_empty for _, held in former):
        return
    st.header("Workspaces that you had before", anchor=False)
    caption("You left them for the workspace of a link. Your browser remembers the way back.")
    for token, held in former:
        if not held.is_empty:
            key = f"back_to_{workspace.owner_of(token)[:8]}"
            st.button(f"Go back to {held}", key=key, icon=":material/undo:", on_click=_go_back, args=(token,))


@errors.in_callback()
def _forget() -> None:
    privacy().forget(workspace.owner())
    workspace.leave_for_new()
    st.session_state.forgotten = True


@errors.in_callback()
def _go_back(token: str) -> None:
    workspace.change_to(token)
