"""Warnings about the server: a full disk, a damaged database, runs that are lost when it restarts."""

import streamlit as st

from core.errors import problem_of
from core.files import check_home, is_forgetful
from core.store.database import DatabaseTrouble, database, database_url
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption


def render(*, is_about_runs: bool) -> None:
    """Render the warnings, if any; they are checked whenever a page is drawn.

    Args:
        is_about_runs: whether the page creates or lists runs, so that visitors must know that they may be lost.
    """
    with st.container(gap="xsmall"):  # even when empty, so that nothing below it moves
        for sentence in _warnings():
            st.warning(plain(sentence), icon=":material/warning:")
        if is_about_runs and is_forgetful() and database_url().startswith("sqlite"):
            caption("Runs and drawings are lost when this server restarts. Download what you want to keep.")


def _warnings() -> list[str]:
    sentences = [problem_of(check_home)]
    try:
        opened = database(database_url())
        sentences += [problem_of(opened.check_writable), opened.damage_notice()]
    except DatabaseTrouble as problem:  # it could not even be opened
        sentences.append(str(problem))
    return [sentence for sentence in sentences if sentence]
