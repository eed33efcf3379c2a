import dataclasses
import time

import pytest

from core.store.run_tables import NoSuchRun
from core.store.runs import RunStore
from core.store.scoreboard import (
    MAX_ENTRIES,
    MAX_NICKNAME,
    BadNickname,
    NotForScoreboard,
    Order,
    Scoreboard,
    ScoreboardFull,
    is_for_scoreboard,
    ranked,
)
from tests.ready_runs import finished_run
from tests.training import tiny

MINE, THEIRS = "a" * 64, "b" * 64


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'runs.sqlite3'}"


@pytest.fixture
def store(url):
    return RunStore(url)


@pytest.fixture
def board(url, store):
    return Scoreboard(url)


def run(store, owner=MINE, **scores):
    return store.run(finished_run(recipe=tiny.RECIPE, owner=owner, store=store, **scores))


def names(board, order):
    return [(place, entry.nickname) for place, entry in ranked(board.entries(), order)]


def test_a_run_is_on_the_board_from_when_its_owner_adds_it_until_they_remove_it(board, store):
    shown, other = run(store, test_accuracy=0.98, drawn_accuracy=0.9, seconds=7.5), run(store)
    board.join(shown, MINE, "  Ada\n Lovelace\u202e ")
    (entry,) = board.entries()
    assert (entry.run, entry.owner, entry.nickname, entry.recipe) == (shown.id, MINE, "Ada Lovelace", "Tiny")
    assert (entry.test_accuracy, entry.drawn_accuracy, entry.seconds) == (0.98, 0.9, 7.5)
    assert (entry.parameters, entry.source) == (tiny.RECIPE.network.parameters, "mnist")
    assert board.entry(shown.id) == entry
    assert board.entry(other.id) is None
    board.join(shown, MINE, "Countess")
    assert [one.nickname for one in board.entries()] == [board.last_nickname(MINE)] == ["Countess"]
    assert board.last_nickname(THEIRS) == ""

    board.leave(shown.id, THEIRS)  # not theirs to take off
    assert board.entries()
    store.delete(shown.id, MINE)  # cleared away: what was reached stays
    assert board.entries()
    board.leave(shown.id, MINE)
    assert board.entries() == []


def test_a_deleted_run_cannot_join(board, store):
    gone = run(store)
    store.delete(gone.id, MINE)
    with pytest.raises(NoSuchRun):
        board.join(gone, MINE, "Ada")
    assert board.entries() == []


def test_what_does_not_belong_on_the_board_is_refused(board, store):
    finished, waiting = run(store), store.run(store.submit(MINE, tiny.RECIPE))
    with pytest.raises(NoSuchRun):
        board.join(finished, THEIRS, "Thief")
    for nickname in ("", "  ", "\u202e\n\t"):
        with pytest.raises(BadNickname):
            board.join(finished, MINE, nickname)
    for without_figures in (waiting, dataclasses.replace(finished, is_fine_tuning=True)):
        assert not is_for_scoreboard(without_figures)
        with pytest.raises(NotForScoreboard):
            board.join(without_figures, MINE, "Ada")
    assert board.entries() == []
    board.join(finished, MINE, "<b>" + "x" * 5000)
    assert board.entries()[0].nickname == "<b>" + "x" * (MAX_NICKNAME - 3)


def test_a_workspace_has_a_limited_number_of_entries(board, store):
    for _ in range(MAX_ENTRIES):
        board.join(run(store), MINE, "Ada")
    with pytest.raises(ScoreboardFull):
        board.join(one_more := run(store), MINE, "Ada")
    board.join(run(store, owner=THEIRS), THEIRS, "Grace")
    board.leave(board.entries()[0].run, MINE)
    board.join(one_more, MINE, "Ada")
    assert len(board.entries()) == MAX_ENTRIES + 1
    board.reset()
    assert board.entries() == []


def test_an_entry_is_deleted_when_it_is_as_old_as_a_run_may_become(board, store, monkeypatch):
    now = time.time()
    monkeypatch.setenv("INKLING_MAX_DAYS", "14")
    monkeypatch.setattr(time, "time", lambda: now)
    for _ in range(MAX_ENTRIES):
        board.join(run(store), MINE, "Ada")
    now += 14 * 86_400 + 1
    assert board.entries() == []
    board.join(run(store), MINE, "Ada")
    assert len(board.entries()) == 1


def test_equal_entries_share_a_rank_and_entries_without_the_figure_come_last(board, store):
    for nickname, test, drawn, seconds in (("A", 0.97, 0.95, 9.0), ("B", 0.99, None, 30.0), ("C", 0.97, 0.96, 5.0)):
        board.join(run(store, test_accuracy=test, drawn_accuracy=drawn, seconds=seconds), MINE, nickname)
    assert names(board, Order.TEST) == [(1, "B"), (2, "A"), (2, "C")]
    assert names(board, Order.DRAWN) == [(1, "C"), (2, "A"), (None, "B")]
    assert names(board, Order.SECONDS) == [(1, "C"), (2, "A"), (3, "B")]
    assert names(board, Order.PARAMETERS) == [(1, "A"), (1, "B"), (1, "C")]
