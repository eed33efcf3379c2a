"""Softmax."""

TITLE = "Softmax"
SUMMARY = "Softmax."


def show() -> None:
    """Stands in."""
