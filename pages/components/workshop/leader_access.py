"""Who may use the leader's page: whoever knows the token that the server was started with.

The number of attempts is not limited: a room shares one address, so anybody in it could lock the leader out. The token
is too long to be guessed, and wrong ones are logged.

In the session: `leader`, the hash of the token that was accepted; `leader_problem`, why the last one was not.
"""

import hashlib
import logging
import secrets

import streamlit as st

from core import environment
from pages.components.base.typesetting import caption, on_accent

MIN_LENGTH = 12  # characters of a token; random ones of this length cannot be guessed

_log = logging.getLogger("inkling.pages")


def is_leader() -> bool:
    """Whether this session knows the current token."""
    token = environment.leader_token()
    return bool(token) and secrets.compare_digest(st.session_state.get("leader", ""), _digest(token))


def render() -> bool:
    """Render the form that asks for the token, unless this session or the address has it.

    Returns:
        Whether this session is the leader's.
    """
    linked = st.query_params.get("token")
    if linked is not None:
        del st.query_params["token"]  # at once, as the address may be on a projector
    token = environment.leader_token()
    if len(token) < MIN_LENGTH:
        caption(_how_to_enable(token))
        return False
    if linked is not None:
        _check(linked)
    if is_leader():
        return True
    with st.form("leader_form", width=400):
        st.text_input("Token", type="password", key="leader_token", autocomplete="current-password")
        st.form_submit_button(on_accent("Open"), key="open_leader", type="primary", on_click=_check_typed)
    if problem := st.session_state.pop("leader_problem", None):
        st.error(problem, icon=":material/error:")
    return False


def leave() -> None:
    """Ask for the token again from now on."""
    st.session_state.pop("leader", None)


def _check_typed() -> None:
    _check(st.session_state.leader_token)


def _check(token: str) -> None:
    state = st.session_state
    if secrets.compare_digest(_digest(token), _digest(environment.leader_token())):
        state.leader = _digest(token)
        state.pop("leader_problem", None)
    else:
        _log.warning("event=wrong_token")
        state.leader_problem = "This is not the leader's token. Look it up where the server was started."


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()


def _how_to_enable(token: str) -> str:
    name = environment.LEADER_TOKEN
    if token:
        return f"`{name}` is too short to be safe: use at least {MIN_LENGTH} characters and restart the server."
    return (
        f"This page is switched off. Put `{name}`, a random secret of at least {MIN_LENGTH} characters, into the "
        "server's environment or Streamlit's secrets, and restart the server."
    )
