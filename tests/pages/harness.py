"""The app as a visitor has it in a test: open a page, draw on the board, read what is shown."""

import json
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from tests.ready_runs import SECRET

ROOT = Path(__file__).parents[2]
APP = str(ROOT / "app.py")
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("*.py"))
CANVAS = "streamlit-drawable-canvas.streamlit_drawable_canvas"
THIN = "\N{THIN SPACE}"
NO_SUCH_RUN = "There is no such run here. It may have been deleted, or the link is incomplete."
SEVEN = [(80, 60), (200, 60), (160, 140), (120, 230)]
ONE = [(140, 40), (140, 240)]


def opened(page="draw", secret=SECRET, state=None, drawing=None, **query) -> AppTest:
    """A page as a visitor sees it who follows a link to it.

    Args:
        page: the name of a file in `pages/`.
        secret: of the visitor's workspace; None for a visitor who has none yet.
        state: further values of the session, such as `{"model": True}` for an unfolded popover.
        drawing: the last image that was drawn on Draw, (28, 28) uint8.
        query: the parameters of the address; those that are None are left out.
    """
    app = AppTest.from_file(APP, default_timeout=60)
    known = {"workspace": secret, "last_drawing": drawing}
    for name, value in ({name: value for name, value in known.items() if value is not None} | (state or {})).items():
        app.session_state[name] = value
    if page != "draw":  # the start page
        app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        if value is not None:
            app.query_params[name] = value
    return app.run()


def followed(app, page) -> AppTest:
    """Go where a button or link leads; AppTest does not follow by itself."""
    return app.switch_page(f"pages/{page}.py").run()


def set_state(app, **state) -> AppTest:
    """Run the page with these session values: what a component sends, or a group that is unfolded."""
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


# What is shown


def all_data_of(app, component, key="") -> list[dict]:
    """What each component of this name was given, where `key` is part of its key."""
    name = component if "." in component else f"inkling.{component}"
    parts = [part.proto for part in app.get("bidi_component") if part.proto.component_name == name]
    return [json.loads(part.json) for part in parts if key in part.id]


def data_of(app, component, key="") -> dict | None:
    """What the first such component was given; None where the page has none."""
    return next(iter(all_data_of(app, component, key)), None)


def table_of(app, key) -> dict[str, list[str]]:
    """The cells of each row of a table by the first cell, and those of its head by ""."""
    data = data_of(app, "table", key)
    return {"": data["head"][1:]} | {first: cells for first, *cells in data["rows"]}


def texts(app) -> str:
    """All Markdown of the page."""
    return "\n".join(text.value for text in app.markdown)


def buttons(app) -> set[str]:
    """The keys of all buttons."""
    return {button.key for button in app.button}


def values(elements) -> list[str]:
    """The texts of such as `app.error`, without Markdown's backslashes."""
    return [element.value.replace("\\", "") for element in elements]


def downloads(app) -> list[str]:
    """What each download button says of its file."""
    return [button.proto.help for button in app.get("download_button")]


def charts(app) -> list:
    """All charts."""
    return list(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart"))


def run_figures(app) -> dict[str, str]:
    """The figures of the run on Train, by their labels."""
    return {figure["label"]: figure["value"] for figure in data_of(app, "run_figures")["figures"]}


def run_status(app) -> str:
    """The sentence below the figures of the run on Train."""
    return data_of(app, "run_figures")["status"]


# The board on Draw


def drawn(*strokes) -> dict:
    """What the canvas writes of strokes, which are lists of points."""
    paths = [[["M", *points[0]], *(["L", *point] for point in points[1:])] for points in strokes]
    return {"objects": [{"type": "Path", "stroke": "#1D2433", "path": path} for path in paths]}


def draw(app, *strokes, raw=None) -> AppTest:
    """Do what the canvas does when a stroke ends; `raw` in place of strokes is what it sends."""
    drawing = drawn(*strokes) if raw is None else raw
    key = f"board_{app.session_state['board_number']}"
    return set_state(app, **{key: {"drawing": {"raw": drawing, "data": None}, "backgroundFit": None}})


def answer(app) -> dict:
    """What the answer beside the board was given."""
    return data_of(app, "answer")


def answered_by(app) -> str:
    """The model that answers, and its accuracy."""
    return app.get_by_key("model").proto.popover.label


# What is chosen


def choose_preset(app, preset) -> AppTest:
    """Choose one of the presets on Train."""
    return app.radio(key="recipe_preset").set_value(preset).run()


def image(seed=0) -> np.ndarray:
    """A drawing of noise, (28, 28) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)
