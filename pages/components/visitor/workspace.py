"""The visitor's workspace: a secret in a cookie, which owns the runs and drawings that were made with it.

The run store knows a workspace by the hash of its secret only, so that neither its file nor a run's link lets anyone
act as the owner. The secrets of the last `MAX_FORMER` workspaces that a link has replaced stay in a second cookie.
"""

import hashlib
import re
import secrets
import time
from urllib.parse import urlencode, urlsplit

import streamlit as st

from core.errors import InklingError
from core.store.privacy import privacy
from core.store.run_tables import Run, is_same_owner
from core.store.runs import run_store
from pages.components.base import errors
from pages.components.base.component import register
from pages.components.base.typesetting import caption, on_accent

COOKIE, FORMER_COOKIE = "inkling_workspace", "inkling_former_workspaces"
MAX_FORMER = 5  # workspaces that the browser remembers besides the current one
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # what `secrets.token_urlsafe(32)` makes
_keeper = register(__file__)


class BadWorkspaceLink(InklingError):
    """The link to a workspace is incomplete or damaged."""

    def __init__(self) -> None:
        super().__init__("This link to a workspace is incomplete. Copy it again, the whole of it.")


def owner() -> str:
    """The visitor's workspace, as the run store knows it."""
    return owner_of(_token())


def owns(run: Run) -> bool:
    """Whether the run is the visitor's to stop, pause and resume."""
    return is_same_owner(run.owner, owner())


def arrive() -> None:
    """Take over the workspace that the address names, if it names one, and take the secret out of the address.

    Where the visitor's own workspace holds anything, a question is drawn instead: anybody can hand out a link to a
    workspace of theirs, and whoever opened it would from then on draw and train for them.
    Where the address starts a new group (`anew`), earlier runs are shown in this session only on request.

    Raises:
        BadWorkspaceLink: what it names cannot be a workspace.
    """
    state = st.session_state
    if st.query_params.pop("anew", None):
        state.group_began = time.time()
    token = st.query_params.get("workspace")
    if token is not None:
        del st.query_params["workspace"]
        if not _TOKEN.fullmatch(token):
            raise BadWorkspaceLink
        if token in former() or privacy().holdings(owner()).is_empty:
            change_to(token)
        elif token != _token():
            state.workspace_offered = token
    if "workspace_offered" in state:
        _render_question()


def former() -> list[str]:
    """The secrets of the workspaces that were left for others in this browser, the last one first."""
    remembered = str(st.context.cookies.get(FORMER_COOKIE)).split(".")
    tokens = [*st.session_state.get("workspaces_left", []), *filter(_TOKEN.fullmatch, remembered)]
    return [token for token in dict.fromkeys(tokens) if token != _token()][:MAX_FORMER]


def change_to(token: str) -> None:
    """Make this the visitor's workspace, and remember the one that is left, if it holds anything."""
    _leave()
    st.session_state.workspace, st.session_state.workspace_adopts = token, True


def leave_for_new() -> None:
    """Leave this workspace for a new and empty one, with nothing of it left in the session or the browser's cookies."""
    state = st.session_state
    state.clear()
    state.workspace, state.workspace_adopts = secrets.token_urlsafe(32), True


def owner_of(token: str) -> str:
    """The workspace of a secret, as the run store knows it."""
    return hashlib.sha256(token.encode()).hexdigest()


def keep() -> None:
    """Let the browser remember the workspace for a year.

    To be called at the end of a page, as it takes a line of space.
    """
    state = st.session_state
    kept = _keeper(
        key="workspace_keeper",
        data={
            "name": COOKIE,
            "token": _token(),
            "adopts": state.get("workspace_adopts", False),
            "formerName": FORMER_COOKIE,
            "left": state.get("workspaces_left", []),
            "mostFormer": MAX_FORMER,
        },
        on_found_change=lambda: None,
        on_adopted_change=lambda: state.pop("workspace_adopts", None),
    )
    if kept.found and _TOKEN.fullmatch(str(kept.found)):
        _leave()
        state.workspace = str(kept.found)
        st.rerun()


def follow(run_id: str) -> None:
    """Show this run from now on, in this tab and after a reload."""
    st.query_params["run"] = run_id


def current_run() -> Run | None:
    """The run to show: the one in the address, else the workspace's active one, a paused one, the newest one.

    Of those that are over or paused, only runs that began since this session's group did.

    Raises:
        NoSuchRun: the address names a run that does not exist.
    """
    if named := st.query_params.get("run"):
        return run_store().run(named)
    if active := run_store().active_run(owner()):
        return active
    group_began = st.session_state.get("group_began", 0.0)
    return run_store().latest_run(owner(), since=group_began)


def render_links(run: Run | None) -> None:
    """Draw "Take it with you": the link that opens the workspace on another device, and the link to watch a run."""
    with st.popover("Take it with you", key="take_it_with_you"), st.container(width=320, gap="small"):
        st.markdown("**Your runs and drawings on another device**")
        caption("Open this link there. Keep it to yourself: whoever has it owns them.")
        st.code(f"{_address()}?workspace={_token()}", language=None, wrap_lines=True)
        if former():
            st.page_link("pages/privacy.py", label=":small[Workspaces that you had before]")
        if run:
            st.markdown("**Let others watch this run**")
            caption(
                "Whoever has this link sees the run and the drawings that it reads or learns, and can change nothing."
            )
            st.code(f"{_address()}?run={run.id}", language=None, wrap_lines=True)


def link(page: str, **parameters: str) -> str:
    """The whole address of another page of the app."""
    return f"{start_address()}{page}?{urlencode(parameters)}"


def start_address() -> str:
    """The address of the start page; it carries no secret, and may be handed out."""
    address = urlsplit(_address())
    return f"{address.scheme}://{address.netloc}{address.path.rpartition('/')[0]}/"


def _render_question() -> None:
    with st.container(border=True, key="workspace_question", gap="small"):
        st.markdown(
            f"**Open the workspace of this link?** This browser has one of its own, with "
            f"{privacy().holdings(owner())}. If somebody else gave you the link, they will own whatever you draw and "
            "train from now on. Your own workspace is kept: “Privacy” leads back to it."
        )
        with st.container(horizontal=True, gap="small"):
            st.button(on_accent("Stay in mine"), key="stay_in_mine", type="primary", on_click=_answer, args=(False,))
            st.button("Open the linked one", key="open_linked", on_click=_answer, args=(True,))


@errors.in_callback()
def _answer(opens: bool) -> None:
    offered = st.session_state.pop("workspace_offered", None)
    if opens and offered:
        change_to(offered)


def _leave() -> None:
    state = st.session_state
    if not privacy().holdings(owner()).is_empty:
        state.workspaces_left = [_token(), *state.get("workspaces_left", [])][:MAX_FORMER]


def _token() -> str:
    state = st.session_state
    if "workspace" not in state:
        remembered = str(st.context.cookies.get(COOKIE))
        state.workspace = remembered if _TOKEN.fullmatch(remembered) else secrets.token_urlsafe(32)
    token: str = state.workspace
    return token


def _address() -> str:
    address = urlsplit(st.context.url or "")
    return f"{address.scheme}://{address.netloc}{address.path}"
