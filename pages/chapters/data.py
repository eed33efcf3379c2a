"""The data."""

TITLE = "The data"
SUMMARY = "The data."


def show() -> None:
    """Stands in."""
