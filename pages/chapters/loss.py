"""Loss."""

TITLE = "Loss"
SUMMARY = "Loss."


def show() -> None:
    """Stands in."""
