"""The scoreboard for everyone, a run's way onto it and off it, and what is kept of a visitor."""

import json

import numpy as np
import pytest

from core.digits.dataset import Digits
from core.networks.presets import PRESETS
from core.store.drawings import drawing_store
from core.store.privacy import privacy
from core.store.runs import run_store
from core.store.scoreboard import MAX_ENTRIES, scoreboard
from tests.pages.harness import THIN, buttons, data_of, opened, texts
from tests.ready_runs import OWNER, SECRET, finished_run

ADA = "f" * 64


def join(run_id, owner, nickname):
    scoreboard().join(run_store().run(run_id), owner, nickname)


def test_an_empty_scoreboard_leads_to_train_or_to_ones_runs():
    app = opened("scoreboard")
    assert not app.error
    assert "Nobody is on it yet" in app.header[0].value
    assert buttons(app) == {"train_one"}
    finished_run()
    assert buttons(opened("scoreboard")) == {"open_runs"}


def test_the_scoreboard_ranks_all_results_marks_ones_own_and_reveals_no_run_id():
    run_ids = [
        finished_run(owner=ADA, test_accuracy=0.98, drawn_accuracy=0.97, seconds=9.0),
        finished_run(test_accuracy=0.99, seconds=65.0, recipe=PRESETS["script-b"], data_source="handwriting"),
    ]
    join(run_ids[0], ADA, "Ada <b>")
    join(run_ids[1], OWNER, "Me")
    app = opened("scoreboard")
    assert not app.error
    data = data_of(app, "scoreboard_table")
    assert (data["columns"], data["ranked_by"]) == (["Test", "Drawn", "Parameters", "Time"], 0)
    first, second = data["rows"]
    assert (first["rank"], first["nickname"], first["is_own"]) == ("1", "Me", True)
    assert first["figures"] == [f"99.00{THIN}%", "\N{EN DASH}", "542,230", "1 min 05 s"]
    assert first["recipe"] == "Script B, on built-in handwriting"
    assert "comparable only with each other" in texts(app)
    assert (second["rank"], second["nickname"], second["is_own"]) == ("2", "Ada <b>", False)
    assert not any(run_id in json.dumps(data) for run_id in run_ids)

    app.segmented_control(key="ranked_by").set_value("seconds").run()
    assert [line["nickname"] for line in data_of(app, "scoreboard_table")["rows"]] == ["Ada <b>", "Me"]
    app.button(key=f"off_{run_ids[1]}").click().run()
    assert [entry.owner for entry in scoreboard().entries()] == [ADA]


@pytest.mark.parametrize("page", ["runs", "train"])
def test_a_run_joins_the_scoreboard_under_a_nickname_and_leaves_it(page):
    run_id = finished_run(samples=Digits(np.zeros((20, 28, 28), np.uint8), np.zeros(20, np.uint8)))
    query = {"run": run_id} if page == "train" else {}
    app = opened(page, **query)
    app.text_input(key=f"nickname_{run_id}").set_value(" ").run()
    app.button(key=f"join_{run_id}").click().run()
    assert "Choose a nickname" in app.toast[0].value
    app.text_input(key=f"nickname_{run_id}").set_value("Ada").run()
    app.button(key=f"join_{run_id}").click().run()
    assert not app.error
    assert scoreboard().entry(run_id).nickname == "Ada"
    assert "Everyone here sees it as **Ada**" in texts(app)
    app.button(key=f"leave_{run_id}").click().run()
    assert scoreboard().entry(run_id) is None


def test_only_its_owner_can_enter_a_run_and_a_deleted_run_leaves_the_scoreboard():
    theirs = finished_run(owner=ADA)
    assert f"join_{theirs}" not in buttons(opened("runs", runs=theirs))
    mine = finished_run()
    join(mine, OWNER, "Me")
    app = opened("runs")
    app.button(key=f"delete_now_{mine}").click().run()
    assert not app.error
    assert scoreboard().entries() == []


def test_the_number_of_entries_is_limited():
    for _ in range(MAX_ENTRIES):
        join(finished_run(), OWNER, "Me")
    app = opened("runs", runs=(run_id := finished_run()))
    assert app.text_input(key=f"nickname_{run_id}").value == "Me"
    app.button(key=f"join_{run_id}").click().run()
    assert "take one off" in app.toast[0].value
    assert len(scoreboard().entries()) == MAX_ENTRIES


# What is kept


def test_everything_of_a_visitors_is_deleted_after_a_confirmation():
    kept, training = finished_run(), run_store().submit(OWNER, PRESETS["fast"])
    assert run_store().claim_next() == training
    join(kept, OWNER, "Me")
    drawing_store().keep(OWNER, np.eye(28, dtype=np.uint8), 7)
    join(theirs := finished_run(owner=ADA), ADA, "Ada")
    app = opened("privacy")
    assert not app.error
    assert data_of(app, "table")["head"] == ["What", "Why", "How long"]
    assert "2 runs, 1 drawing and 1 entry on the scoreboard of yours are kept here." in texts(app)
    app.button(key="forget_now").click().run()
    assert not app.error
    assert "has a new, empty workspace" in app.success[0].value
    assert privacy().holdings(OWNER).is_empty
    assert app.session_state["workspace"] != SECRET
    assert data_of(app, "workspace")["adopts"]  # so that the cookie is written anew
    assert [entry.run for entry in scoreboard().entries()] == [theirs]
    assert not any("of yours are kept here" in text.value for text in app.run().markdown)


@pytest.mark.bad_input(23)
def test_a_failed_deletion_is_reported_and_deletes_nothing(full_disk):
    finished_run()
    app = opened("privacy")
    with full_disk():
        app.button(key="forget_now").click().run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == ["The disk is full."]
    assert "1 run of yours is kept here." in texts(app)
    assert app.session_state["workspace"] == SECRET
