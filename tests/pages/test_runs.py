import sqlite3
from contextlib import closing

import pytest

from core.networks.presets import PRESETS
from core.networks.recipe_link import from_link
from core.store.run_tables import RunState
from core.store.runs import run_store
from core.store.scoreboard import scoreboard
from tests.pages.harness import THIN, buttons, charts, data_of, followed, opened, set_state, table_of, texts
from tests.ready_runs import OWNER, SOMEBODY, Worker, finished_run
from tests.samples import hundred_digits


def runs_page(**query):
    return opened("runs", **query)


def lines(app):
    return data_of(app, "runs_table")["rows"]


def click(app, *run_ids, stamp=0.5):
    """Choose runs as the table in the browser does."""
    return set_state(app, runs_table={"chosen": [stamp, list(run_ids)]})


def run_with_curves(name="", recipe=PRESETS["fast"], **scores):
    return finished_run(name, recipe, samples=hundred_digits(), has_curves=True, **scores)


def begun_run(name, state=None):
    """A run in the middle of its epoch, or one that has ended there."""
    worker = Worker(run_store().submit(OWNER, PRESETS["fast"], name))
    worker.report(215)
    if state:
        worker.leave(state)
    return worker.run_id


def spoil(run_id, **values):
    columns = ", ".join(f"{column} = ?" for column in values)
    with closing(sqlite3.connect(run_store().url.removeprefix("sqlite:///"))) as database, database:
        database.execute(f"UPDATE run SET {columns} WHERE id = ?", (*values.values(), run_id))


# The table


def test_without_runs_the_page_leads_to_train_and_follows_links_to_a_deleted_run_and_to_the_shipped_model():
    app = runs_page()
    assert not app.error
    assert "No runs yet" in app.header[0].value
    assert not charts(app)
    app.button(key="train_one").click().run()
    assert not app.error
    app = runs_page(runs="nobody,nothing")
    assert not app.error
    assert "is gone" in texts(app)
    assert "No runs yet" in app.header[0].value
    app = runs_page(runs="pretrained")
    assert [part.value for part in app.header] == ["Pretrained"]
    assert [line["id"] for line in lines(app)] == ["pretrained"]
    assert "has no curves" in texts(app)
    assert "is gone" not in texts(app)


def test_the_table_lists_every_run_the_newest_first_and_the_shipped_model():
    run_with_curves("First", test_accuracy=0.9876, drawn_accuracy=0.91)
    begun_run("Broken", RunState.FAILED)
    begun_run("Going on")
    app = runs_page()
    assert not app.error
    assert [line["name"] for line in lines(app)] == ["Going on", "Broken", "First", "Pretrained"]
    assert [line["state"] for line in lines(app)] == [f"50{THIN}% done", "Failed", "Finished", "Built in"]
    run_store().ask(run_store().active_run(OWNER).id, OWNER, "stop")
    app.run()
    assert lines(app)[0]["state"] == "Stopping"
    first = lines(app)[2]
    assert (first["test"]["text"], first["drawn"]["text"]) == (f"98.76{THIN}%", f"91.00{THIN}%")
    assert (first["parameters"]["text"], first["time"]["text"], first["recipe"]) == ("29,658", "1 min 05 s", "Fast")
    assert lines(app)[1]["test"] == {"text": "\N{EN DASH}", "order": None}


def test_sixty_runs_of_one_name_are_shown_twenty_at_a_time_and_have_distinct_names():
    for _ in range(60):
        run_store().ask(run_store().submit(OWNER, PRESETS["fast"]), OWNER, "stop")
    app = runs_page()
    assert not app.error
    assert [line["name"] for line in lines(app)][-2:] == ["Fast (41)", "Pretrained"]
    assert app.button(key="older_runs").label == "Show older runs (40 more)"
    for _ in range(2):
        app.button(key="older_runs").click().run()
    assert "older_runs" not in buttons(app)
    names = [line["name"] for line in lines(app)]
    assert len(names) == len(set(names)) == 61
    assert (names[0], names[59]) == ("Fast (60)", "Fast")


def test_runs_of_another_version_fail_nothing_and_can_be_deleted():
    spoiled = {"scores": "{}", "history": '[{"new": 1}]', "recipe": '{"version": 2}'}
    old = {column: run_with_curves(column) for column in spoiled}
    mine = run_with_curves("New")
    for column, value in spoiled.items():
        spoil(old[column], **{column: value})
    app = runs_page(runs=",".join([*old.values(), mine]))
    assert not app.error
    assert [line["name"] for line in lines(app)] == ["New", "recipe", "history", "scores", "Pretrained"]
    unread = "Damaged, or made by another version"
    assert [line["state"] for line in lines(app)[1:4]] == [unread, "Finished", unread]  # a list reads no curves
    for page in ("train", "model", "draw"):
        assert not followed(app, page).error
    followed(app, "runs")
    for stamp, run_id in enumerate(old.values(), 1):
        click(app, run_id, stamp=stamp)
        assert not app.error
        assert "damaged, or made by another version" in app.warning[0].value
        app.button(key=f"delete_now_{run_id}").click().run()
    assert [line["name"] for line in lines(app)] == ["New", "Pretrained"]


# One run


def test_the_newest_run_is_open_and_a_click_opens_another():
    first, _ = run_with_curves("First"), run_with_curves("Second")
    app = runs_page()
    assert app.header[0].value == "Second"
    app = click(app, first)
    assert app.header[0].value == "First"
    assert app.query_params["runs"] in (first, [first])
    assert "only a second one would show" in texts(app)
    assert len(charts(app)) == 2
    assert [line.value for line in runs_page(run=first).header] == ["First"]  # as other pages name a run
    assert "is gone, or the link" in texts(runs_page(run="nobody"))
    assert not runs_page(run=first, runs="").header  # all ticks are taken away
    for chosen in ("x", [1], [1, "x"], ["x", [first]], [float("nan"), [first]], [2, [["y"], 3, "unknown"]], None):
        assert not set_state(app, runs_table={"chosen": chosen}).error  # a browser may send anything
        assert not app.exception


def test_a_run_is_renamed_and_deleted_after_a_question():
    run_id, other = run_with_curves("First"), run_with_curves("Second")
    app = runs_page(run=run_id)
    app.text_input(key=f"name_{run_id}").set_value(" My  best ").run()
    app.button(key=f"rename_now_{run_id}").click().run()
    assert run_store().run(run_id).name == "My best"
    assert app.header[0].value == "My best"
    assert "cannot be undone" in texts(app)
    app.button(key=f"delete_now_{run_id}").click().run()
    assert [run.id for run in run_store().runs_of(OWNER)] == [other]
    assert app.header[0].value == "Second"
    assert "is gone" not in texts(app)


def test_a_replay_changes_one_setting_within_its_range_keeps_the_seed_and_says_so(engine):
    recipe = PRESETS["fast"].model_copy(update={"seed": 7})
    run_id = run_with_curves("First", recipe)
    app = runs_page(runs=run_id)
    app.button(key=f"replay_now_{run_id}").click().run()
    assert [toast.value for toast in app.toast] == ["It is 0.008 now. Choose another value."]
    app.selectbox(key=f"replay_setting_{run_id}").set_value("epochs").run()
    assert "It is 1 epoch now." in texts(app)
    app.number_input(key=f"replay_epochs_{run_id}").set_value(1000).run()
    assert "from 1 to 200" in app.error[0].value.replace("\\", "")
    app.button(key=f"replay_now_{run_id}").click().run()
    assert "from 1 to 200" in app.toast[0].value
    assert run_store().active_run(OWNER) is None
    app.selectbox(key=f"replay_setting_{run_id}").set_value("batch_size").run()
    app.number_input(key=f"replay_batch_size_{run_id}").set_value(32)  # typed, and the button clicked at once
    app.button(key=f"replay_now_{run_id}").click().run()
    run = run_store().active_run(OWNER)
    assert run.recipe == recipe.model_copy(update={"batch_size": 32, "name": "Fast, batch size 32"})
    assert run.replays == run_id
    assert engine.queue_checks == 1
    assert [title.value for title in app.title] == ["Train a network"]
    app = followed(app, "train")
    assert "same weights as First; changed: batch size 32 instead of 128" in texts(app).replace("\\", "")


def test_a_run_goes_on_from_its_model_and_says_which_it_continues(monkeypatch):
    run_id = run_with_curves("First")
    app = runs_page(runs=run_id)
    app.number_input(key=f"more_epochs_{run_id}").set_value(3)  # typed, and the button clicked at once
    app.button(key=f"continue_now_{run_id}").click().run()
    run = run_store().active_run(OWNER)
    assert (run.name, run.continues, run.recipe.epochs) == ("First, continued", run_id, 3)
    assert run.recipe.seed == PRESETS["fast"].seed + 1
    assert [title.value for title in app.title] == ["Train a network"]
    began, left = run_store().start(run.id).weights, run_store().model(run_id).weights
    assert all((began[name] == left[name]).all() for name in left)
    app = followed(app, "train")
    assert "Goes on from First" in texts(app)
    monkeypatch.setenv("INKLING_MAX_ACTIVE_RUNS", "1")
    limited = runs_page(runs=run_id)
    assert limited.button(key=f"continue_now_{run_id}").disabled
    assert "One run at a time" in texts(limited)
    run_store().delete(run_id, OWNER)
    assert "has been deleted" in texts(app.run())


def test_somebody_elses_run_can_be_looked_at_and_nothing_else():
    run_id = finished_run("Theirs", owner=SOMEBODY)
    app = runs_page(runs=run_id)
    assert not app.error
    assert app.header[0].value == "Theirs"
    assert "duplicate" in buttons(app)
    for key in ("rename_now", "delete_now", "continue_now", "replay_now"):
        assert f"{key}_{run_id}" not in buttons(app)


def test_a_runs_files_can_be_downloaded_and_its_recipe_shared():
    run_id = run_with_curves("First")
    app = runs_page(runs=run_id)
    names = {part.proto.label for part in app.get("download_button")}
    assert {"Recipe", "History", "Curves, PNG", "Curves, SVG", "Keras file", "Weights"} <= names
    link = app.code[0].value
    assert from_link(link.partition("recipe=")[2]) == PRESETS["fast"]
    assert "/train?" in link


# Several


def test_two_runs_are_compared_in_a_sentence_a_picture_and_a_table_of_what_differs():
    slow = PRESETS["fast"].model_copy(update={"batch_size": 32, "name": "Slow"})
    first = run_with_curves("First", test_accuracy=0.985, seconds=7.0)
    second = run_with_curves("Second", slow, test_accuracy=0.9912, seconds=70.0)
    app = runs_page(runs=f"{first},{second}")
    assert not app.error
    assert "First reads 0.62 points less than Second, but took a tenth of the time" in texts(app).replace("\\", "")
    table = table_of(app, "comparison")
    assert table[""] == ["A Second", "B First"]
    assert table["Batch size"] == ["32", "128"]
    assert not {"Epochs", "Status"} & set(table)
    assert "1 setting differs" in texts(app)
    assert "leaves out label smoothing" in texts(app)
    app.segmented_control(key="curve_axis").set_value("seconds").run()
    assert not app.error


def test_a_run_is_compared_with_the_shipped_model_and_with_one_without_a_model():
    first, failed = run_with_curves("First"), begun_run("Broken", RunState.FAILED)
    app = runs_page(runs=f"{first},{failed},pretrained")
    assert not app.error
    table = table_of(app, "comparison")
    assert table[""] == ["A Broken", "B First", "C Pretrained"]
    assert table["Status"] == ["Failed in epoch 1 of 1", "Finished", "Built in"]


@pytest.mark.bad_input(31)
def test_several_are_deleted_at_once_even_if_another_tab_was_faster():
    ids = [run_with_curves(f"Run {number}", PRESETS["script-a"]) for number in range(3)]
    app = runs_page(runs=",".join(ids[:2]))
    assert "label smoothing" not in texts(app)  # as none of them has it
    run_store().delete(ids[0], OWNER)
    app.button(key="delete_them").click().run()
    assert [run.id for run in run_store().runs_of(OWNER)] == [ids[2]]
    assert not app.error
    assert not app.exception


@pytest.mark.bad_input(23)
@pytest.mark.parametrize("button", ["rename_now", "delete_now", "leave", "continue_now"])
def test_a_full_disk_is_reported_and_the_run_stays_open(button, full_disk):
    run_id, _ = run_with_curves("First"), run_with_curves("Second")
    scoreboard().join(run_store().run(run_id), OWNER, "Me")
    app = runs_page(runs=run_id)
    with full_disk():
        app.button(key=f"{button}_{run_id}").click().run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == ["The disk is full."]
    assert app.header[0].value == "First"
    assert f"{button}_{run_id}" in buttons(app)
    assert scoreboard().entry(run_id)
