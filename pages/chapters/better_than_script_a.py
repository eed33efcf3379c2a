"""better_than_script_a."""

TITLE = "better_than_script_a"
SUMMARY = "better_than_script_a."


def show() -> None:
    """Nothing yet."""
