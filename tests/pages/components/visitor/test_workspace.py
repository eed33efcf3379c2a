"""A visitor's workspace: its cookie, and the link that carries it to another device."""

import numpy as np
import pytest
import streamlit as st

from core.store.drawings import drawing_store
from core.store.runs import run_store
from pages.components.visitor import workspace
from tests.pages.harness import buttons, data_of, opened, texts
from tests.ready_runs import OWNER, SECRET, finished_run, started

OTHER = "B" * 43


def test_a_workspace_is_taken_over_by_its_link_and_the_secret_leaves_the_address():
    worker = started()
    app = opened(secret=None).switch_page("pages/train.py")
    app.query_params["workspace"] = SECRET
    app.run()
    assert "workspace" not in app.query_params
    data = data_of(app, "workspace")
    assert (data["name"], data["token"], data["adopts"]) == ("inkling_workspace", SECRET, True)
    assert "stop" in buttons(app)
    assert run_store().run(worker.run_id).owner == OWNER


@pytest.mark.parametrize("token", ["short", "A" * 44, "A" * 42 + ";", "", "\N{GRINNING FACE}" * 43])
def test_a_link_to_no_workspace_changes_nothing_and_says_so(token):
    app = opened("train", workspace=token)
    assert len(app.error) == 1
    assert "incomplete" in app.error[0].value
    assert data_of(app, "workspace")["token"] == SECRET


def test_a_visitor_without_a_cookie_gets_an_unguessable_workspace_of_their_own():
    tokens = {data_of(opened(secret=None), "workspace")["token"] for _ in range(2)}
    assert len(tokens) == 2
    assert all(len(token) == 43 for token in tokens)


def test_the_link_to_watch_carries_no_secret():
    worker = started()
    links = [code.value for code in opened("train").code]
    watching = next(link for link in links if worker.run_id in link)
    assert SECRET not in watching


@pytest.mark.parametrize("held", ["a run", "a drawing"])
def test_a_link_replaces_a_workspace_that_holds_anything_only_after_a_question(held):
    if held == "a run":
        finished_run()
    else:
        drawing_store().keep(OWNER, np.ones((28, 28), np.uint8), 3)
    app = opened("train", workspace=OTHER)
    assert data_of(app, "workspace")["token"] == SECRET
    assert f"with 1 {held.removeprefix('a ')}." in texts(app)
    app.button(key="stay_in_mine").click().run()
    assert data_of(app, "workspace")["token"] == SECRET
    assert "stay_in_mine" not in buttons(app)

    app = opened("privacy", workspace=OTHER)
    app.button(key="open_linked").click().run()
    data = data_of(app, "workspace")
    assert (data["token"], data["adopts"], data["left"]) == (OTHER, True, [SECRET])
    app.button(key=f"back_to_{OWNER[:8]}").click().run()
    assert data_of(app, "workspace")["token"] == SECRET


def test_nothing_is_asked_where_nothing_is_lost_or_the_link_is_to_the_own_workspace():
    assert data_of(opened("train", workspace=OTHER), "workspace")["token"] == OTHER
    finished_run()
    app = opened("train", workspace=SECRET)
    assert "stay_in_mine" not in buttons(app)


def test_the_browser_remembers_a_few_former_workspaces_and_the_current_one_is_not_among_them(monkeypatch):
    tokens = [letter * 43 for letter in "BCDEFGH"]
    cookies = {"inkling_former_workspaces": ".".join([SECRET, "<script>", *tokens])}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda context: cookies))
    finished_run(owner=workspace.owner_of(tokens[4]))
    finished_run(owner=workspace.owner_of(tokens[5]))
    app = opened("privacy")
    offered = [button for button in buttons(app) if button.startswith("back_to_")]
    assert offered == [f"back_to_{workspace.owner_of(tokens[4])[:8]}"]
