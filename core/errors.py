"""The errors that Inkling shows to people as they stand.

InklingError
├── DrawingTooLarge                                     core/digits/canvas.py
├── NoInk, TooLittleInk, TooMuchInk                     core/digits/preprocessing.py
├── BadPicture, PictureTooLarge                         core/digits/pictures.py
├── NoMnist                                             core/digits/mnist.py
├── BadRecipe (a ValueError)                            core/networks/recipe.py
├── BadModelFile (a ValueError)                         core/networks/model.py
├── TrainingDiverged                                    core/training/fit.py
├── HomeUnavailable, Damaged (a ValueError)             core/files.py
├── DatabaseTrouble, DatabaseBusy                       core/store/database.py
├── NoSuchRun (a LookupError), UnreadableRun            core/store/run_tables.py
├── BadLimit (a ValueError), OverLimit                  core/store/server_limits.py
├── BadNickname, NotForScoreboard (ValueErrors), ScoreboardFull   core/store/scoreboard.py
├── DrawingsFull                                        core/store/drawings.py
├── BadWorkspaceLink                                    pages/components/visitor/workspace.py
└── FileGone                                            pages/components/visitor/opened_file.py
"""

from __future__ import annotations

from collections.abc import Callable


class InklingError(Exception):
    """An error that a person can do something about; its message says in plain words what happened and what to do."""


def problem_of(check: Callable[[], object]) -> str:
    """The message of the error that a check raises; "" where it raises none."""
    try:
        check()
    except InklingError as problem:
        return str(problem)
    return ""
