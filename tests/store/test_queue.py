"""Who is next and how long each waits; the store asks for it, and so it is tested as values here."""

import heapq
import random
import statistics
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.networks.history import BatchProgress
from core.networks.presets import PRESETS
from core.store import queue
from core.store.queue import PastRun, QueueEntry
from core.store.runs import RunStore
from tests.training import tiny


def waiting(run_id, owner, queued, served=0.0, seconds=10.0):
    return QueueEntry(run_id, owner, False, queued, served, seconds)


def running(run_id, owner, seconds=10.0):
    return QueueEntry(run_id, owner, True, 0.0, 0.0, seconds)


def order(*entries):
    return [entry.id for entry in queue.in_order(entries)]


@pytest.mark.bad_input(29)
def test_everyones_first_run_goes_before_anyones_second():
    mine = [waiting(f"mine {number}", "me", number) for number in range(3)]
    others = [waiting(f"other {number}", f"other {number}", 10 + number) for number in range(3)]
    assert order(*mine, *others) == ["mine 0", "other 0", "other 1", "other 2", "mine 1", "mine 2"]


@pytest.mark.bad_input(29)
def test_an_owner_in_training_waits_behind_everyones_first_run():
    assert order(running("now", "me"), waiting("mine", "me", 1), waiting("theirs", "them", 50)) == ["theirs", "mine"]


@pytest.mark.bad_input(29)
def test_the_owner_who_has_waited_longest_without_a_finished_run_goes_first():
    early_again = waiting("early again", "me", 1, served=20)
    late_again = waiting(
        "late again", "you", 22, served=5
    )  # asked for after the first had ended, and no first for that
    firsts = waiting("late", "b", 21), waiting("early", "a", 19)
    assert order(early_again, late_again, *firsts) == ["early", "late", "early again", "late again"]
    assert order(waiting("served later", "me", 1, served=20), waiting("served", "you", 2, served=5)) == [
        "served",
        "served later",
    ]


@pytest.mark.bad_input(28, 29)
def test_thirty_people_are_all_served_once_before_anyone_is_served_twice(database_url):
    store, trained = RunStore(database_url), tiny.trained()
    people = [f"{person:064}" for person in range(30)]
    again = tiny.RECIPE.model_copy(update={"seed": 1})
    owners = {}

    def press(person):
        for recipe in (tiny.RECIPE, tiny.RECIPE, again):
            owners[store.submit(person, recipe)] = person

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(press, people))
    ids, places = zip(*store.waiting(workers=1), strict=True)
    assert [place.before for place in places] == list(range(60))
    assert [place.seconds for place in places] == sorted(place.seconds for place in places)
    store.ask(ids[29], quitter := owners[ids[29]], "stop")

    served = []
    for _ in people:
        run_id = store.claim_next()
        served.append(owners[run_id])
        store.finish(run_id, store.begin(run_id)[2], trained, "")
        store.delete(run_id, served[-1])  # which moves nobody forward
    assert sorted(served) == people
    assert served[-1] == quitter  # whose second run is a first now
    assert [owners[run_id] for run_id, _ in store.waiting(workers=1)] == served[:-1]


@pytest.mark.bad_input(29)
@pytest.mark.parametrize("how", ["kept", "deleted", "deleted while it trains", "culled"])
def test_deleting_a_run_moves_nobody_forward(database_url, monkeypatch, how):
    clock = [1e9]
    monkeypatch.setattr("core.store.runs.time.time", lambda: clock[0])
    store = RunStore(database_url)
    first, again = (store.submit("me", tiny.RECIPE.model_copy(update={"seed": seed})) for seed in (1, 2))
    assert store.claim_next() == first
    attempt = store.begin(first)[2]
    clock[0] += 10
    if how == "deleted while it trains":
        store.delete(first, "me")
    store.finish(first, attempt, tiny.trained(), "")
    clock[0] += 10
    if how == "deleted":
        store.delete(first, "me")
    if how == "culled":
        assert store.cull(0) == 1
    theirs = store.submit("you", tiny.RECIPE)
    assert [run_id for run_id, _ in store.waiting(workers=1)] == [theirs, again]
    clock[0] += queue.SERVED_SECONDS
    assert [run_id for run_id, _ in store.waiting(workers=1)] == [again, theirs]  # who has waited for an hour since


def test_a_workspace_never_trains_two_runs_at_a_time():
    mine = [running("now", "me"), waiting("mine", "me", 1)]
    assert list(queue.next_up(mine)) == []
    assert next(queue.next_up([*mine, waiting("theirs", "them", 2)])).id == "theirs"
    (place,) = queue.positions(mine, workers=2).values()
    assert place.seconds == pytest.approx(10, abs=1)


def test_the_wait_is_the_time_of_all_runs_ahead():
    entries = [running("now", "a", 4), *(waiting(name, name, place) for place, name in enumerate("bcd"))]
    alone, pair = queue.positions(entries, 1), queue.positions(entries, 2)
    assert [(place.before, place.running) for place in alone.values()] == [(0, 1), (1, 1), (2, 1)]
    assert [place.seconds for place in alone.values()] == pytest.approx([4, 14, 24], abs=1.5)
    assert [place.seconds for place in pair.values()] == pytest.approx([0, 4, 10], abs=1.5)
    assert queue.positions([waiting("only", "me", 1)], 1)["only"].seconds == 0


def test_a_run_takes_as_long_as_its_like_or_else_its_cost_at_the_machines_pace():
    kind, cost = queue.kind(PRESETS["fast"]), queue.cost(PRESETS["fast"])
    assert queue.expected_seconds(kind, cost, []) == cost
    slow = PastRun("other", 10, 30)
    assert queue.expected_seconds(kind, cost, [slow]) == pytest.approx(3 * cost)
    assert queue.expected_seconds(kind, cost, [slow, PastRun(kind, cost, 12.5)]) == 12.5
    renamed = PRESETS["fast"].model_copy(update={"name": "Mine", "seed": 3})
    assert queue.kind(renamed) == kind
    assert queue.kind(renamed.model_copy(update={"epochs": 2})) != kind


# README's figures on two quiet cores, in seconds of training; beginning and ending come on top.
@pytest.mark.parametrize(("preset", "seconds"), [("fast", 7), ("script-a", 95), ("script-b", 45), ("accurate", 600)])
def test_the_cost_of_a_preset_is_of_the_measured_order(preset, seconds):
    assert 0.5 < queue.cost(PRESETS[preset]) / (seconds + queue.OVERHEAD_SECONDS) < 1.6


def test_the_time_that_a_run_still_takes_follows_its_own_pace():
    recipe = tiny.RECIPE.model_copy(update={"epochs": 10})

    def at(epoch, seconds):
        return BatchProgress(epoch, 1, 1, 0.5, 0.8, 0.01, 5000.0, seconds)

    assert queue.seconds_to_go(100, 2, recipe, None) == 98
    half = queue.seconds_to_go(100, 100, recipe, at(5, 98))  # twice as slow as expected
    assert 50 < half < 150
    nearly = queue.seconds_to_go(100, 190, recipe, at(9, 180))
    assert 10 < nearly < 60
    assert queue.seconds_to_go(100, 500, recipe, at(10, 400)) == 5  # overdue: soon, and never less than nothing


def test_the_expected_waits_of_thirty_people_have_a_median_error_of_at_most_a_quarter(tmp_path, monkeypatch):
    """Thirty people train at once and again, on a server whose pace wanders; the clock is the test's."""
    clock = [1000.0]
    monkeypatch.setattr("core.store.runs.time.time", lambda: clock[0])
    store, chance = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite3'}"), random.Random(1)
    said, errors = {}, []
    arrivals = [(1000.0 + chance.random() * 20, person, turn) for turn in range(2) for person in range(30)]
    heapq.heapify(arrivals)
    recipes = [tiny.RECIPE, tiny.RECIPE.model_copy(update={"epochs": 6})]
    seconds = {3: 4.0, 6: 7.0}
    until, current = 0.0, None
    while arrivals or current or store.queue_length():
        clock[0] += 0.5
        while arrivals and arrivals[0][0] <= clock[0]:
            _, person, turn = heapq.heappop(arrivals)
            recipe = chance.choice(recipes).model_copy(update={"seed": turn})
            run_id = store.submit(f"{person:064}", recipe)
            if place := store.position(run_id, 1):
                said[run_id] = clock[0], place.seconds
        if current and clock[0] >= until:
            store.finish(current, 1, tiny.trained(), "")
            current = None
        if current is None and (current := store.claim_next()):
            recipe = store.begin(current)[0]
            asked, expected = said.pop(current)
            errors.append(abs(expected - (clock[0] - asked)) / max(clock[0] - asked, 1.0))
            until = clock[0] + seconds[recipe.epochs] * chance.uniform(0.8, 1.3)
    assert len(errors) == 60
    assert statistics.median(errors) <= 0.25
