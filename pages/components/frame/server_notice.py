"""What everybody has to know of the server: a disk that is full or forgets, a database that was damaged."""

import streamlit as st

from core.errors import problem_of
from core.storage import check_home, is_forgetful
from core.store.database import DatabaseTrouble, database, database_url
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption


def render(*, is_about_runs: bool) -> None:
    """Draw what there is to say, if anything. Looked at whenever a page is drawn: an idle one asks for nothing.

    Args:
        is_about_runs: whether the page is one that makes or lists runs, and so should say that the disk forgets.
    """
    with st.container(gap="xsmall"):  # always there: what follows keeps its place on the page
        for sentence in _sentences():
            st.warning(plain(sentence), icon=":material/warning:")
        if is_about_runs and is_forgetful() and database_url().startswith("sqlite"):
            caption("This server forgets: runs and drawings are lost when it restarts. Download what you want to keep.")


def _sentences() -> list[str]:
    sentences = [problem_of(check_home)]
    try:
        opened = database(database_url())
        sentences += [problem_of(opened.check_writable), opened.damage_notice()]
    except DatabaseTrouble as problem:  # it could not even be opened
        sentences.append(str(problem))
    return [sentence for sentence in sentences if sentence]
