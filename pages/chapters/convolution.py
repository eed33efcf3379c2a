"""Convolution."""

TITLE = "Convolution"
SUMMARY = "Convolution."


def show() -> None:
    """Stands in."""
