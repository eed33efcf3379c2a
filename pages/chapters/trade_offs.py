"""The trade-offs."""

TITLE = "The trade-offs"
SUMMARY = "The trade-offs."


def show() -> None:
    """Stands in."""
