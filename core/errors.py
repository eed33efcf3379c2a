"""The errors that Inkling shows to people as they stand.

InklingError
├── DrawingTooLarge                                     core/digits/canvas.py
├── NoInk, TooLittleInk, TooMuchInk                     core/digits/preprocessing.py
├── BadPicture, PictureTooLarge                         core/digits/pictures.py
├── NoMnist                                             core/digits/dataset.py
├── BadRecipe (a ValueError)                            core/networks/recipe.py
├── BadModelFile (a ValueError)                         core/networks/model.py
├── TrainingDiverged                                    core/training/fit.py
├── NoSuchRun (a LookupError), UnreadRun                core/store/runs.py
├── BadNickname, NotForScoreboard (ValueErrors), ScoreboardFull   core/store/scoreboard.py
├── DrawingsFull                                        core/store/drawings.py
├── BadWorkspaceLink                                    pages/components/visitor/workspace.py
└── FileGone                                            pages/components/visitor/opened_file.py
"""


class InklingError(Exception):
    """Something a person can mend; its message says in plain words what happened and what to do."""
