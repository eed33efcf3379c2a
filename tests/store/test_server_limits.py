from contextlib import suppress

import pytest

from core.networks.presets import PRESETS
from core.store.run_tables import RunState
from core.store.runs import RunStore
from core.store.server_limits import BadLimit, Limits, OverLimit, check, limits, limits_sentence
from tests.training import tiny

MINE, THEIRS = "a" * 64, "b" * 64


@pytest.fixture
def store(tmp_path):
    return RunStore(f"sqlite:///{tmp_path / 'runs.sqlite3'}")


def recipe(seed):
    return tiny.RECIPE.model_copy(update={"seed": seed})


def test_the_default_limits_allow_every_preset():
    assert limits() == Limits()
    assert limits_sentence(limits()) == ""
    for preset in PRESETS.values():
        check(preset)


@pytest.mark.parametrize("text", ["ten", "0", "201", "-1", "1.5", "nan", "1e2"])
def test_an_invalid_limit_is_refused_with_its_name_and_range(text, monkeypatch):
    monkeypatch.setenv("INKLING_MAX_EPOCHS", text)
    with pytest.raises(BadLimit, match=r"INKLING_MAX_EPOCHS must be a whole number from 1 to 200, not"):
        limits()


def test_numbers_may_have_separators_and_spaces(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_PARAMETERS", " 100,000 ")
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "")
    assert limits() == Limits(parameters=100_000)


@pytest.mark.parametrize(
    ("name", "most", "sentence"),
    [
        ("EPOCHS", "2", "allows 2 epochs, and not 3"),
        ("IMAGES", "10000", "allows 10,000 images to learn from, and not 60,000"),
        ("PARAMETERS", "100", "allows 100 parameters, and not"),
    ],
)
def test_a_recipe_over_a_limit_is_refused_and_nothing_is_queued(name, most, sentence, store, monkeypatch):
    monkeypatch.setenv(f"INKLING_MAX_{name}", most)
    data = tiny.RECIPE.data.model_copy(update={"size": "full"})
    with pytest.raises(OverLimit, match=sentence):
        store.submit(MINE, tiny.RECIPE.model_copy(update={"data": data}))
    assert store.runs_of(MINE) == []
    assert most.replace("10000", "10,000") in limits_sentence(limits())


@pytest.mark.bad_input(29)
def test_a_workspace_may_have_a_limited_number_of_active_runs(store, monkeypatch):
    monkeypatch.setenv("INKLING_MAX_ACTIVE_RUNS", "2")
    ids = [store.submit(MINE, recipe(seed)) for seed in (1, 2)]
    with pytest.raises(OverLimit, match="At most 2 runs at a time"):
        store.submit(MINE, recipe(3))
    assert store.submit(MINE, recipe(2)) == ids[1]
    store.ask(ids[0], MINE, "stop")
    store.check_may_submit(MINE)


def test_a_run_is_resumed_only_within_the_limits_now_in_force(store, monkeypatch):
    run_id = store.submit(MINE, tiny.RECIPE)
    store.ask(run_id, MINE, "pause")
    monkeypatch.setenv("INKLING_MAX_RUNS", "1")
    with pytest.raises(OverLimit, match="delete some first"):
        store.check_may_submit(MINE)
    store.check_may_resume(MINE, tiny.RECIPE)  # it is one of the runs already
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "2")
    for resume in (lambda: store.check_may_resume(MINE, tiny.RECIPE), lambda: store.resume(run_id, MINE)):
        with pytest.raises(OverLimit, match="allows 2 epochs, and not 3"):
            resume()
    assert store.run(run_id).state == RunState.PAUSED


def test_a_full_queue_and_a_full_workspace_are_refused(store, monkeypatch):
    monkeypatch.setenv("INKLING_MAX_QUEUE", "1")
    first = store.submit(THEIRS, recipe(1))
    with pytest.raises(OverLimit, match="The queue is full: 1 runs wait"):
        store.submit(MINE, recipe(1))
    store.ask(first, THEIRS, "stop")
    monkeypatch.setenv("INKLING_MAX_RUNS", "1")
    with pytest.raises(OverLimit, match="delete some first"):
        store.submit(THEIRS, recipe(2))
    store.delete(first, THEIRS)
    assert store.submit(THEIRS, recipe(2))


def test_a_script_with_fresh_workspaces_leaves_room_for_a_class_and_for_those_who_were_served(store):
    served = "c" * 64
    store.submit(served, recipe(1))
    store.begin(store.claim_next())
    joined = 0
    for number in range(60):
        for seed in (1, 2, 3):
            with suppress(OverLimit):
                store.submit(f"{number:064x}", recipe(seed))
                joined += 1
    assert joined == 60 + 60
    with pytest.raises(OverLimit, match="Many people wait for their first run"):
        store.submit(f"{59:064x}", recipe(2))
    for number in range(100, 140):  # a class joins at once
        store.submit(f"{number:064x}", recipe(1))
    with pytest.raises(OverLimit, match="no more room for new visitors"):
        store.submit(MINE, recipe(1))
    store.submit(served, recipe(2))
