"""A visitor's workspace: its cookie, and the link that carries it to another device."""

import numpy as np
import pytest

from core.store.drawings import drawing_store
from core.store.runs import run_store
from tests.pages.harness import (
    buttons,
    data_of,
    opened,
)
from tests.ready_runs import OWNER, SECRET, finished_run, started


def test_a_workspace_is_taken_over_by_its_link_and_the_secret_leaves_the_address():
    worker = started()
    app = opened(secret=None).switch_page("pages/train.py")
    app.query_params["workspace"] = SECRET
    app.run()
    assert "workspace" not in app.query_params
    assert data_of(app, "workspace") == {"name": "inkling_workspace", "token": SECRET, "adopts": True}
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


@pytest.mark.parametrize("left_behind", ["a run", "a drawing"])
def test_whoever_leaves_runs_or_drawings_behind_is_shown_the_way_back(left_behind):
    if left_behind == "a run":
        finished_run()
    else:
        drawing_store().keep(OWNER, np.ones((28, 28), np.uint8), 3)
    app = opened("train", workspace="B" * 43)
    assert any(code.value.endswith(f"?workspace={SECRET}") for code in app.code)
    assert data_of(app, "workspace")["token"] == "B" * 43
