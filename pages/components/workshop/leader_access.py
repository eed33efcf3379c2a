"""Who may use the leader's page: whoever knows the token that the server was started with.

Tries are not limited: a room shares one address, so that any limit which would slow a guesser down would let everybody
in the room lock the leader out. What cannot be guessed is a long random token; wrong ones are logged.
"""

import hashlib
import logging
import secrets

import streamlit as st

from core import config
from pages.components.base.typesetting import caption, on_accent

LEAST = 12  # characters of a token; random ones cannot be guessed, however often it is tried

_log = logging.getLogger("inkling.pages")


def is_leader() -> bool:
    """Whether this session has shown the token that holds now."""
    token = config.leader_token()
    return bool(token) and secrets.compare_digest(st.session_state.get("leader", ""), _digest(token))


def render() -> bool:
    """Ask for the token where it has not been shown yet; says whether the leader is here."""
    linked = st.query_params.get("token")
    if linked is not None:
        del st.query_params["token"]  # at once: the address may be on a projector
    token = config.leader_token()
    if len(token) < LEAST:
        caption(_how_to_switch_on(token))
        return False
    if linked is not None:
        _try(linked)
    if is_leader():
        return True
    with st.form("leader_form", width=400):
        st.text_input("Token", type="password", key="leader_token", autocomplete="current-password")
        st.form_submit_button(on_accent("Open"), key="open_leader", type="primary", on_click=_try_typed)
    if problem := st.session_state.pop("leader_problem", None):
        st.error(problem, icon=":material/error:")
    return False


def leave() -> None:
    """Ask for the token again from now on."""
    st.session_state.pop("leader", None)


def _try_typed() -> None:
    _try(st.session_state.leader_token)


def _try(shown: str) -> None:
    state = st.session_state
    if secrets.compare_digest(_digest(shown), _digest(config.leader_token())):
        state.leader = _digest(shown)
        state.pop("leader_problem", None)
    else:
        _log.warning("event=wrong_token")
        state.leader_problem = "This is not the leader's token. Look it up where the server was started."


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()


def _how_to_switch_on(token: str) -> str:
    name = config.LEADER_TOKEN
    if token:
        return f"`{name}` is too short to be safe: give it at least {LEAST} characters, and start the server again."
    return (
        f"This page is switched off. Start the server with `{name}`, a random secret of at least {LEAST} "
        "characters, in its environment or among Streamlit's secrets."
    )
