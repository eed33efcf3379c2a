"""A file that a visitor has opened.

Uploaders take a file of any name and type, and its content decides what it is. With a list of types Streamlit would
raise an error of its own, which no page can catch, for a name that only a forged request can hold.
"""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import InklingError


class FileGone(InklingError):
    """The browser has a file that the server lost in a restart."""

    def __init__(self) -> None:
        super().__init__("The server does not have this file any more. Open it again.")


def opened(key: str) -> UploadedFile | None:
    """The file that the uploader of this key holds; None where there is none.

    Raises:
        FileGone: the browser names a file that the server does not have.
    """
    file = st.session_state.get(key)  # a browser may still send the state of an uploader that is gone
    if file is not None and not isinstance(file, UploadedFile):
        raise FileGone
    return file
