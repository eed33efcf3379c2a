"""Reshape, and divide by 255."""

TITLE = "Reshape, and divide by 255"
SUMMARY = "Reshape, and divide by 255."


def show() -> None:
    """Stands in."""
