"""Who may use the leader's page: whoever knows the token that the server was started with."""

import hashlib
import os
import secrets
import threading
import time

import streamlit as st

from pages.components.typesetting import on_accent, quiet

VARIABLE = "INKLING_LEADER_TOKEN"  # Streamlit makes its secrets environment variables, so it may be one of those too
LEAST = 12  # characters of a token that cannot be guessed at the pace below
MOST_TRIES, PER_SECONDS = 5, 60.0  # wrong ones from one address


class Tries:
    """Tries by the address they come from: after too many in a minute, none is looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, list[float]] = {}

    def count(self, address: str) -> bool:
        """Count one; says whether it may be looked at."""
        now = time.monotonic()
        with self._lock:
            fresh = {name: [at for at in made if at > now - PER_SECONDS] for name, made in self._made.items()}
            self._made = {name: made for name, made in fresh.items() if made}
            made = self._made.setdefault(address, [])
            if len(made) >= MOST_TRIES:
                return False
            made.append(now)
            return True

    def forgive(self, address: str) -> None:
        """Forget an address' tries: the last one was right."""
        with self._lock:
            self._made.pop(address, None)


@st.cache_resource(show_spinner=False)
def tries() -> Tries:
    """The tries of this web process."""
    return Tries()


def is_leader() -> bool:
    """Whether this session has shown the token that holds now."""
    token = _token()
    return bool(token) and secrets.compare_digest(st.session_state.get("leader", ""), _digest(token))


def show() -> bool:
    """Ask for the token where it has not been shown yet; says whether the leader is here."""
    linked = st.query_params.get("token")
    if linked is not None:
        del st.query_params["token"]  # at once: the address may be on a projector
    token = _token()
    if len(token) < LEAST:
        quiet(_how_to_switch_on(token))
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


def address() -> str:
    """Where this session comes from; behind a proxy all come from one address, and wait for one another's tries."""
    return st.context.ip_address or ""


def _try_typed() -> None:
    _try(st.session_state.leader_token)


def _try(shown: str) -> None:
    state = st.session_state
    if not tries().count(address()):
        state.leader_problem = "Too many wrong tokens came from here. Wait a minute, then try again."
    elif secrets.compare_digest(_digest(shown), _digest(_token())):
        tries().forgive(address())
        state.leader = _digest(shown)
        state.pop("leader_problem", None)
    else:
        state.leader_problem = "This is not the leader's token. Look it up where the server was started."


def _token() -> str:
    return os.environ.get(VARIABLE, "").strip()


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()


def _how_to_switch_on(token: str) -> str:
    if token:
        return f"`{VARIABLE}` is too short to be safe: give it at least {LEAST} characters, and start the server again."
    return (
        f"This page is switched off. Start the server with `{VARIABLE}`, a secret of at least {LEAST} characters, "
        "in its environment or among Streamlit's secrets."
    )
