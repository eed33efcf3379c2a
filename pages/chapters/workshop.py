"""workshop."""

TITLE = "workshop"
SUMMARY = "workshop."


def show() -> None:
    """Nothing yet."""
