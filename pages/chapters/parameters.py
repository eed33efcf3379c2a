"""Parameters and neurons."""

TITLE = "Parameters and neurons"
SUMMARY = "Parameters and neurons."


def show() -> None:
    """Stands in."""
