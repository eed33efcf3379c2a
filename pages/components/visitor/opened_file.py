"""A file that a visitor has opened.

Uploaders take a file of any name and type: what it is, its content decides. Were they told the types, Streamlit would
raise an error of its own, which no page can catch, at a name that a browser of ours would not have sent.
"""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import InklingError


class FileGone(InklingError):
    """The browser holds a file that the server has not: it was restarted since."""

    def __init__(self) -> None:
        super().__init__("The server does not have this file any more. Open it again.")


def opened(key: str) -> UploadedFile | None:
    """The file that the uploader of this key holds; None where it was taken away again.

    Raises:
        FileGone: it is named, but not there.
    """
    file = st.session_state.get(key)  # a browser may still speak of an uploader that has gone
    if file is not None and not isinstance(file, UploadedFile):
        raise FileGone
    return file
