"""How each registered component is rendered alone: a script that `AppTest.from_function` runs, named as its module."""


def answer():
    from core.insight.prediction import answer_drawing
    from core.networks.model import pretrained
    from pages.components.draw import answer
    from tests.pages.harness import SEVEN, drawn

    answer.render(answer_drawing(drawn(SEVEN), pretrained()))


def board():
    import streamlit as st

    from pages.components.draw import board

    st.session_state.setdefault("board_number", 0)
    board.render()
    board.render_tools()


def chapter_links():
    from pages.components.learn import chapter_links

    link = chapter_links.Link("Softmax", "learn?chapter=softmax", "From ten numbers to ten probabilities.")
    chapter_links.render("links", "Chapters", [link], "list")


def confusion_matrix():
    import numpy as np

    from pages.components.evaluate import confusion_matrix

    assert confusion_matrix.render(np.eye(10, dtype=int), (9, 4), "matrix") == (9, 4)


def folding_table():
    from pages.components.parts import folding_table

    folding_table.render("table", "What is kept", ["What", "How many"], [["Runs", "2"], ["Drawings", ""]], {1})


def glossary_view():
    from core.lessons.glossary import TERMS
    from pages.components.learn import glossary_view

    glossary_view.render(next(iter(TERMS.values())))


def map_rows():
    from pages.components.images import map_rows

    row = map_rows.Row("conv2d_1", "24x24", "Sixteen maps.", map_rows.Pictures("data:,", 48), ("1",), ("Map 1",))
    map_rows.render("maps", [row])


def menu():
    from pages.components.frame import menu

    menu.render()


def network_view():
    from core.networks.presets import PRESETS
    from pages.components.parts import network_view

    network_view.layer_table(PRESETS["script-a"].network)


def pixel_grids():
    import numpy as np

    from pages.components.images import pixel_grids

    pixel_grids.render("grids", [pixel_grids.Grid("an image", np.eye(28), "A diagonal.", window=(0, 0, 3, 3))])


def pixel_picker():
    from pages.components.images import pixel_picker

    one = pixel_picker.MarkedMap("data:,", 28, 28, (0, 0, 5), "what goes in")
    other = pixel_picker.MarkedMap("data:,", 24, 24, (0, 0, 1), "what comes out")
    pixel_picker.render("picker", one, other, lambda: None)


def presenting():
    from pages.components.frame import presenting

    presenting.enlarge()


def run_banner():
    from core.networks.presets import PRESETS
    from core.store.runs import run_store
    from pages.components.frame import run_banner
    from pages.components.visitor import workspace

    run_store().submit(workspace.owner(), PRESETS["fast"])
    run_banner.render(is_train=False)


def run_figures():
    from pages.components.train import run_figures

    run_figures.render({"Epoch": "1 of 5", "Loss": "0.123"}, 0.2, "Epoch 1, batch 20 of 430")


def runs_table():
    from pages.components.runs import runs_table
    from pages.components.visitor import workspace
    from tests.ready_runs import finished_run

    runs_table.render([finished_run("Mine", owner=workspace.owner())])


def scoreboard_table():
    from pages.components.workshop import scoreboard_table

    row = scoreboard_table.Row("a key", "1", "Ada", "Fast", ["98.76 %", "7 s"], True)
    scoreboard_table.render(["Test", "Time"], 0, [row])


def script_reader():
    from core.lessons.scripts import SCRIPTS
    from pages.components.learn import script_reader

    script_reader.render(SCRIPTS["script-a"], "It ends near 99 %.")


def shortcuts():
    from pages.components.frame import shortcuts

    assert not shortcuts.render()


def snapshots_view():
    import numpy as np

    from core.digits.dataset import Digits
    from core.networks.presets import PRESETS
    from core.store.runs import run_store
    from pages.components.model import snapshots_view
    from tests.ready_runs import finished_run
    from tests.samples import many_snapshots

    samples = Digits(np.zeros((20, 28, 28), np.uint8), np.arange(20, dtype=np.uint8) % 10)
    snapshots = many_snapshots(PRESETS["fast"].network, 2, samples.images)
    snapshots_view.render(run_store().run(finished_run("Mine", samples=samples, snapshots=snapshots)))


def thumbnails():
    import numpy as np

    from pages.components.images import thumbnails

    images = np.zeros((2, 28, 28), np.uint8)
    thumbnails.render("own", "Drawings", images, ["1", "7"], ["A 1", "A 7"], [True, None], ["first", "second"])


def watched_digit():
    from pages.components.train import watched_digit
    from tests.pages.harness import image

    watched_digit.render(image(), [0.1] * 10, "Your drawing.")


def worksheet():
    from pages.components.parts import worksheet

    worksheet.render("sheet", [worksheet.Table("products", (("0.1", "0.2"),), ((0.5, 1.0),))])


def workspace():
    from pages.components.visitor import workspace

    workspace.keep()
