"""improvements."""

TITLE = "improvements"
SUMMARY = "improvements."


def show() -> None:
    """Nothing yet."""
