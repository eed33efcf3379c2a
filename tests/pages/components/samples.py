"""How each registered component is rendered alone: a call of each, by the name of its module."""

import numpy as np
import streamlit as st

from core.digits.dataset import Digits
from core.insight.prediction import answer_drawing
from core.lessons.glossary import TERMS
from core.lessons.scripts import SCRIPTS
from core.networks.model import pretrained
from core.networks.presets import PRESETS
from core.store.runs import run_store
from pages.components.draw import board
from pages.components.evaluate import confusion_matrix
from pages.components.frame import menu, presenting, run_banner, shortcuts
from pages.components.images import map_rows, pixel_grids, thumbnails
from pages.components.learn import chapter_links, glossary_view, script_reader
from pages.components.model import snapshots_view
from pages.components.parts import answer, network_view, table
from pages.components.runs import runs_table
from pages.components.train import run_figures
from pages.components.visitor import workspace
from pages.components.workshop import scoreboard_table
from tests.pages.harness import SEVEN, drawn
from tests.ready_runs import finished_run
from tests.samples import many_snapshots

FAST = PRESETS["fast"]


def _board():
    st.session_state.setdefault("board_number", 0)
    board.render()
    board.render_tools()


def _run_banner():
    run_store().submit(workspace.owner(), FAST)
    run_banner.render(is_train=False)


def _snapshots_view():
    samples = Digits(np.zeros((20, 28, 28), np.uint8), np.arange(20, dtype=np.uint8) % 10)
    snapshots = many_snapshots(FAST.network, 2, samples.images)
    snapshots_view.render(run_store().run(finished_run("Mine", samples=samples, snapshots=snapshots)))


_MAPS = map_rows.Row("conv2d_1", "24x24", "Sixteen maps.", map_rows.Pictures("data:,", 48), ("1",), ("Map 1",))
_TWO_DIGITS = np.zeros((2, 28, 28), np.uint8), ["1", "7"], ["A 1", "A 7"], [True, None], ["first", "second"]
SAMPLES = {
    "answer": lambda: answer.render(answer_drawing(drawn(SEVEN), pretrained())),
    "board": _board,
    "chapter_links": lambda: chapter_links.render(
        "links", "Chapters", [chapter_links.Link("Softmax", "learn?chapter=softmax", "What it does.")], "list"
    ),
    "confusion_matrix": lambda: confusion_matrix.render(np.eye(10, dtype=int), (9, 4), "matrix"),
    "glossary_view": lambda: glossary_view.render(next(iter(TERMS.values()))),
    "map_rows": lambda: map_rows.render("maps", [_MAPS]),
    "menu": menu.render,
    "network_view": lambda: network_view.layer_table(FAST.network),
    "pixel_grids": lambda: pixel_grids.render("grids", [pixel_grids.Grid("an image", np.eye(28), "A diagonal.")]),
    "presenting": presenting.enlarge,
    "run_banner": _run_banner,
    "run_figures": lambda: run_figures.render({"Epoch": "1 of 5", "Loss": "0.123"}, 0.2, "Epoch 1, batch 20 of 430"),
    "runs_table": lambda: runs_table.render([finished_run("Mine", owner=workspace.owner())]),
    "scoreboard_table": lambda: scoreboard_table.render(
        ["Test", "Time"], 0, [scoreboard_table.Row("a key", "1", "Ada", "Fast", ["98.76 %", "7 s"], True)]
    ),
    "script_reader": lambda: script_reader.render(SCRIPTS["script-a"], "It ends near 99 %."),
    "shortcuts": shortcuts.render,
    "snapshots_view": _snapshots_view,
    "table": lambda: table.render("table", "Kept", ["What", "How many"], [["Runs", "2"], ["Drawings", ""]], {1}),
    "thumbnails": lambda: thumbnails.render("own", "Drawings", *_TWO_DIGITS),
    "workspace": workspace.keep,
}
