import dataclasses
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from core.digits.dataset import Digits
from core.networks.history import BatchProgress, EpochResult
from core.networks.names import MAX_NAME
from core.storage import Damaged, fallback_folder
from core.store import fallback, queue, run_queries, runs
from core.store.limits import OverLimit
from core.store.run_tables import NoSuchRun, RunState
from core.store.runs import MAX_POINTS, RunStore
from core.store.scoreboard import Scoreboard
from core.training.checkpoint import Checkpoint
from core.training.fine_tuning import FineTuning
from tests.samples import many_snapshots
from tests.training import tiny
from tests.training.tiny import trained

ROOT = Path(__file__).parents[2]
RECIPE = tiny.RECIPE
MINE, THEIRS = "a" * 64, "b" * 64


@pytest.fixture
def store(database_url):
    return RunStore(database_url)


def progress(epoch=1, step=10):
    return BatchProgress(epoch, step, 20, 0.5, 0.8, 0.01, 5000.0, 1.5, sample_answers=(1, 2))


def checkpoint(epochs, step=0):
    history = tuple(EpochResult(epoch + 1, 0.5, 0.8, 0.01, 0.4, 0.9) for epoch in range(epochs))
    return Checkpoint(history, step, (np.arange(3.0), np.array(7)), (), None, {}, 2.5)


def begun(store, owner=MINE):
    run_id = store.submit(owner, RECIPE)
    assert store.claim_next(places=100) == run_id
    return run_id, store.begin(run_id)[2]


def test_a_run_of_a_name_that_its_workspace_has_already_is_numbered(store):
    names, long = {}, "x" * MAX_NAME
    for owner, name in ((MINE, "Mine"), (MINE, "Mine"), (MINE, long), (MINE, long), (THEIRS, "Mine")):
        run_id = store.submit(owner, RECIPE, name)
        names[run_id] = store.name(run_id)
        store.ask(run_id, owner, "stop")
    assert list(names.values()) == ["Mine", "Mine (2)", long, long[:-4] + " (2)", "Mine"]


def test_a_submitted_run_waits_in_the_queue(store):
    run = store.run(store.submit(MINE, RECIPE))
    assert (run.state, run.recipe, run.name, run.waiting) == (RunState.QUEUED, RECIPE, "Tiny", 0)


@pytest.mark.bad_input(28)
def test_a_second_click_gives_the_run_that_is_already_there(store):
    first = store.submit(MINE, RECIPE)
    assert store.submit(MINE, RECIPE) == first
    store.claim_next()
    assert store.submit(MINE, RECIPE) == first
    assert len(store.runs_of(MINE)) == 1
    assert store.submit(THEIRS, RECIPE) != first


@pytest.mark.bad_input(28)
def test_fifty_clicks_at_once_start_one_run(store):
    ids = []
    clicks = [threading.Thread(target=lambda: ids.append(store.submit(MINE, RECIPE))) for _ in range(50)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert len(set(ids)) == 1
    assert len(ids) == 50


@pytest.mark.bad_input(28)
def test_two_processes_that_press_at_once_start_one_run(store):
    press = textwrap.dedent("""
        import sys
        from core.store.runs import RunStore
        from tests.training import tiny
        store = RunStore(sys.argv[1])
        print("ready", flush=True)
        sys.stdin.readline()
        print(*(store.submit("a" * 64, tiny.RECIPE.model_copy(update={"seed": seed})) for seed in range(20)))
    """)
    command = [sys.executable, "-c", press, store.url]
    options = {"cwd": ROOT, "env": os.environ | {"INKLING_MAX_ACTIVE_RUNS": "100"}, "text": True}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **options, **pipes) as one, subprocess.Popen(command, **options, **pipes) as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("now\n")
            process.stdin.flush()
        assert one.stdout.read() == other.stdout.read()
    assert len(store.runs_of(MINE)) == 20


def test_two_that_claim_at_once_never_get_the_same_run(store):
    ids = [store.submit(f"{number:064}", RECIPE) for number in range(12)]
    claimed = []
    claims = [threading.Thread(target=lambda: claimed.append(store.claim_next(places=100))) for _ in range(20)]
    for claim in claims:
        claim.start()
    for claim in claims:
        claim.join()
    assert sorted(run_id for run_id in claimed if run_id) == sorted(ids)


def test_many_that_claim_at_once_never_get_more_runs_than_there_are_places(store):
    for number in range(12):
        store.submit(f"{number:064}", RECIPE)
    claimed = []
    claims = [threading.Thread(target=lambda: claimed.append(store.claim_next(places=3))) for _ in range(12)]
    for claim in claims:
        claim.start()
    for claim in claims:
        claim.join()
    assert len(claimed) == 12
    assert len(set(filter(None, claimed))) == 3
    assert store.queue_length() == 9


def test_a_loss_beyond_all_bounds_is_kept_as_it_is(store):
    run_id, attempt = begun(store)
    overflown = dataclasses.replace(progress(), loss=float("inf"), validation_loss=float("inf"))
    store.report(run_id, attempt, overflown, as_point=True)
    assert store.run(run_id).live == overflown
    assert store.run(run_id).points == (overflown,)


def test_the_queue_is_first_come_first_served_and_says_who_is_before(store):
    first, second = store.submit(MINE, RECIPE), store.submit(THEIRS, RECIPE)
    assert store.run(second).waiting == 1
    assert store.claim_next() == first
    assert store.run(second).waiting == 0
    assert store.queue_length() == 1


def test_no_more_runs_are_claimed_than_there_are_places(store):
    for owner in (MINE, THEIRS, "c" * 64):
        store.submit(owner, RECIPE)
    assert store.claim_next(places=2)
    assert store.claim_next(places=2)
    assert store.claim_next(places=2) is None


def test_engines_that_share_a_queue_have_places_of_their_own_and_train_nobody_twice_at_a_time(store):
    for owner in (MINE, THEIRS, "c" * 64, "d" * 64):
        store.submit(owner, RECIPE)
    store.submit(MINE, RECIPE.model_copy(update={"seed": 1}))
    here, there = store.claim_next(places=1, engine="here"), RunStore(store.url).claim_next(places=1, engine="there")
    assert here
    assert there
    assert {store.run(here).engine, store.run(there).engine} == {"here", "there"}
    assert store.claim_next(places=1, engine="here") is None
    claimed = [store.claim_next(places=9, engine="there") for _ in range(3)]
    assert len({store.run(run_id).owner for run_id in [here, there, *claimed[:2]]}) == 4
    assert claimed[2] is None  # whose owner has one in training, if elsewhere


def test_a_claimed_run_that_nobody_could_take_goes_back_to_its_place(store):
    first, _ = store.submit(MINE, RECIPE), store.submit(THEIRS, RECIPE)
    assert store.claim_next() == first
    store.give_back(first)
    assert store.claim_next() == first


@pytest.mark.bad_input(30)
@pytest.mark.parametrize(("requested_action", "state"), [("stop", RunState.STOPPED), ("pause", RunState.PAUSED)])
def test_a_claimed_run_that_nobody_could_take_hears_its_owner_at_once(store, requested_action, state):
    run_id = store.submit(MINE, RECIPE)
    store.claim_next()
    store.ask(run_id, MINE, requested_action, "The leader asked.")
    store.give_back(run_id)
    run = store.run(run_id)
    assert (run.state, run.requested_action, run.notice) == (state, "", "The leader asked.")


def test_one_process_only_acts_on_a_runs_silence(store):
    run_id, _ = begun(store)
    seen = store.run(run_id)
    assert store.record_heartbeat_timeout(seen)
    assert not store.record_heartbeat_timeout(seen)


@pytest.mark.bad_input(30)
def test_cancelling_a_resumed_run_in_the_queue_loses_nothing(store):
    run_id, attempt = begun(store)
    store.pause(run_id, attempt, checkpoint(1, step=12))
    store.resume(run_id, MINE)
    store.ask(run_id, MINE, "stop")
    assert store.run(run_id).state == RunState.PAUSED
    store.resume(run_id, MINE)
    store.claim_next()
    assert store.begin(run_id)[1].step == 12


def test_a_pause_from_another_tab_does_not_undo_a_stop(store):
    run_id, attempt = begun(store)
    store.ask(run_id, MINE, "stop")
    store.ask(run_id, MINE, "pause")
    assert store.report(run_id, attempt, progress()).requested_action == "stop"


def test_deaths_that_lie_epochs_apart_do_not_add_up(store):
    run_id, attempt = begun(store)
    for epochs in (1, 2, 3):
        attempt = store.begin(run_id)[2]
        store.commit_epoch(run_id, attempt, checkpoint(epochs))
    assert store.run(run_id).state == RunState.RUNNING


def test_reports_are_kept_and_bring_back_the_owners_wish(store):
    run_id, attempt = begun(store)
    assert store.report(run_id, attempt, progress(), as_point=True).requested_action == ""
    store.ask(run_id, MINE, "stop")
    assert store.report(run_id, attempt, progress(step=20)).requested_action == "stop"
    run = store.run(run_id)
    assert run.live == progress(step=20)
    assert run.points == (progress(),)


def test_a_curve_holds_three_hundred_points_at_most(store):
    run_id, attempt = begun(store)
    for step in range(MAX_POINTS + 5):
        store.report(run_id, attempt, progress(step=step), as_point=True)
    assert len(store.run(run_id).points) == MAX_POINTS


def test_an_epoch_is_kept_with_its_checkpoint_and_found_by_the_next_attempt(store):
    run_id, attempt = begun(store)
    store.report(run_id, attempt, progress(), as_point=True)
    store.commit_epoch(run_id, attempt, checkpoint(1))
    store.report(run_id, attempt, progress(epoch=2), as_point=True)
    recipe, resumed, second = store.begin(run_id)  # as Dask does after the worker died
    assert recipe == RECIPE
    assert resumed.history == checkpoint(1).history
    assert second == attempt + 1
    run = store.run(run_id)
    assert run.points == (progress(),)  # what came after the checkpoint comes again
    assert "went on from epoch 1" in run.notice


@pytest.mark.bad_input(25)
def test_what_a_worker_that_was_thought_dead_still_says_is_not_heard(store):
    run_id, attempt = begun(store)
    store.begin(run_id)
    assert store.report(run_id, attempt, progress()) is None
    store.commit_epoch(run_id, attempt, checkpoint(1))
    store.finish(run_id, attempt, trained(), "")
    assert store.run(run_id).history == ()
    assert store.run(run_id).state == RunState.RUNNING


@pytest.mark.bad_input(25)
def test_a_run_whose_worker_dies_twice_is_left_interrupted_until_its_owner_resumes_it(store):
    run_id, _ = begun(store)
    assert store.begin(run_id)
    assert store.begin(run_id) is None
    assert store.run(run_id).state == RunState.INTERRUPTED
    assert "died twice" in store.run(run_id).notice
    store.resume(run_id, MINE)
    assert store.claim_next() == run_id
    assert store.begin(run_id)


def test_a_finished_run_leaves_everything_that_pages_need(store):
    run_id, attempt = begun(store)
    store.keep_samples(run_id, attempt, tiny.data().test[:5])
    store.finish(run_id, attempt, trained(), "Learned from built-in handwriting.")
    run = store.run(run_id)
    assert (run.state, run.scores.test_accuracy, run.live) == (RunState.FINISHED, 0.9, None)
    assert run.notice == "Learned from built-in handwriting."
    assert store.model(run_id).recipe == RECIPE
    assert store.keras_file(run_id) == b"keras"
    assert store.test_probabilities(run_id).shape == (10, 10)
    samples: Digits = store.samples(run_id)
    np.testing.assert_array_equal(samples.images, tiny.data().test.images[:5])
    np.testing.assert_array_equal(samples.labels, tiny.data().test.labels[:5])
    assert store.active_run(MINE) is None


def drawing(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)


def test_a_drawing_goes_with_the_run_and_may_be_replaced_while_it_goes_on(store):
    run_id = store.submit(MINE, RECIPE, drawing=drawing(0))
    store.claim_next()
    attempt = store.begin(run_id)[2]
    np.testing.assert_array_equal(store.report(run_id, attempt, progress()).drawing, drawing(0))
    store.watch(run_id, MINE, drawing(1))
    np.testing.assert_array_equal(store.report(run_id, attempt, progress()).drawing, drawing(1))
    np.testing.assert_array_equal(store.run(run_id).drawing, drawing(1))


def test_a_run_without_a_drawing_has_none_to_answer(store):
    run_id, attempt = begun(store)
    assert store.report(run_id, attempt, None).drawing is None
    assert store.run(run_id).drawing is None


def test_answers_to_the_drawing_are_told_live_and_not_kept_in_the_curve(store):
    run_id, attempt = begun(store)
    answered = dataclasses.replace(progress(), drawing_probabilities=(0.1,) * 10)
    store.report(run_id, attempt, answered, as_point=True)
    assert store.run(run_id).live == answered
    assert store.run(run_id).points == (progress(),)


def test_a_lesson_goes_with_its_run_and_through_every_attempt(store):
    fine_tuning = FineTuning(trained().model, tiny.data().test[:3])
    run_id = store.submit(MINE, RECIPE, "Fast, taught", fine_tuning=fine_tuning)
    store.claim_next()
    for _ in range(2):  # the second one after a worker's death
        attempt = store.begin(run_id)[2]
        kept = store.fine_tuning(run_id)
        np.testing.assert_array_equal(kept.drawings.images, fine_tuning.drawings.images)
        assert kept.start.scores == fine_tuning.start.scores
    store.finish(run_id, attempt, trained(), "")
    assert store.run(run_id).is_fine_tuning
    assert store.fine_tuning(run_id) is not None  # the page compares
    assert store.run(run_id).name == "Fast, taught"


def test_an_ordinary_run_is_no_lesson(store):
    run_id, _ = begun(store)
    assert not store.run(run_id).is_fine_tuning
    assert store.fine_tuning(run_id) is None


def test_a_stopped_run_has_a_model_too(store):
    run_id, attempt = begun(store)
    store.finish(run_id, attempt, trained(was_stopped=True), "")
    assert store.run(run_id).state == RunState.STOPPED
    assert store.run(run_id).has_model


def test_a_paused_run_goes_on_where_it_stood(store):
    run_id, attempt = begun(store)
    store.pause(run_id, attempt, checkpoint(1, step=12))
    assert store.run(run_id).state == RunState.PAUSED
    assert store.claim_next() is None
    store.resume(run_id, MINE)
    store.claim_next()
    assert store.begin(run_id)[1].step == 12
    assert "died" not in store.run(run_id).notice


def stopped_while_paused(store):
    run_id, attempt = begun(store)
    store.pause(run_id, attempt, checkpoint(1, step=12))
    store.stop_paused(run_id, MINE)
    return run_id


def test_a_paused_run_that_is_stopped_is_taken_up_only_to_be_measured(store):
    run_id = stopped_while_paused(store)
    assert store.claim_next() == run_id
    _, stands_at, attempt = store.begin(run_id)
    assert stands_at.step == 12
    assert store.report(run_id, attempt, None).requested_action == "stop"


def test_a_paused_run_that_is_stopped_and_given_back_still_waits_to_be_measured(store):
    run_id = stopped_while_paused(store)
    store.claim_next()
    store.give_back(run_id)
    run = store.run(run_id)
    assert (run.state, run.requested_action) == (RunState.QUEUED, "stop")


def test_who_waits_behind_a_run_that_is_only_to_be_measured_waits_no_whole_training(store):
    stopped_while_paused(store)
    place = store.position(store.submit(MINE, RECIPE), workers=1)
    assert place.before == 1
    assert place.seconds == pytest.approx(queue.OVERHEAD_SECONDS + queue.HANDOVER_SECONDS)


def test_a_paused_run_can_be_stopped_where_its_recipe_is_more_than_the_server_allows_now(store, monkeypatch):
    run_id, attempt = begun(store)
    store.pause(run_id, attempt, checkpoint(1, step=12))
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "1")
    with pytest.raises(OverLimit):
        store.resume(run_id, MINE)
    store.stop_paused(run_id, MINE)
    assert store.run(run_id).requested_action == "stop"


@pytest.mark.parametrize(("has_points", "notice"), [(False, "before it began"), (True, "within its first epoch")])
def test_a_paused_run_without_a_checkpoint_is_stopped_at_once_and_keeps_its_curve(store, has_points, notice):
    run_id, attempt = begun(store)
    if has_points:
        store.report(run_id, attempt, progress(), as_point=True)
    store.leave(run_id, attempt, RunState.INTERRUPTED, "Its worker died twice.")
    store.stop_paused(run_id, MINE)
    run = store.run(run_id)
    assert run.state == RunState.STOPPED
    assert notice in run.notice
    assert len(run.points) == has_points


@pytest.mark.bad_input(30)
@pytest.mark.parametrize(("requested_action", "state"), [("stop", RunState.STOPPED), ("pause", RunState.PAUSED)])
def test_a_queued_run_leaves_the_queue_at_once(store, requested_action, state):
    run_id = store.submit(MINE, RECIPE)
    store.ask(run_id, MINE, requested_action)
    assert store.run(run_id).state == state
    assert store.claim_next() is None


@pytest.mark.bad_input(18)
def test_somebody_elses_run_can_be_watched_and_nothing_else(store):
    run_id, _ = begun(store, THEIRS)
    assert store.run(run_id).owner == THEIRS
    for attempt_at in (
        lambda: store.ask(run_id, MINE, "stop"),
        lambda: store.rename(run_id, MINE, "mine"),
        lambda: store.delete(run_id, MINE),
        lambda: store.resume(run_id, MINE),
        lambda: store.watch(run_id, MINE, drawing()),
    ):
        with pytest.raises(NoSuchRun):
            attempt_at()
    assert store.run(run_id).requested_action == ""
    assert store.run(run_id).name == "Tiny"


@pytest.mark.bad_input(18)
@pytest.mark.parametrize("run_id", ["", "x", "../../x", "'; drop table run; --", "x" * 5000, "\0"])
def test_a_wrong_run_id_finds_no_run(store, run_id):
    with pytest.raises(NoSuchRun, match="no such run"):
        store.run(run_id)


@pytest.mark.bad_input(31)
def test_a_deleted_run_is_gone_and_its_worker_is_told(store):
    run_id, attempt = begun(store)
    store.delete(run_id, MINE)
    assert store.report(run_id, attempt, progress()) is None
    store.finish(run_id, attempt, trained(), "")
    with pytest.raises(NoSuchRun):
        store.run(run_id)


def test_what_is_committed_is_there_for_the_next_process(store):
    run_id, attempt = begun(store)
    store.commit_epoch(run_id, attempt, checkpoint(2))
    again = RunStore(store.url).run(run_id)
    assert len(again.history) == 2
    assert abs(again.heartbeat - time.time()) < 60


def test_a_film_is_committed_with_its_epoch_and_outlives_the_run(store):
    run_id, attempt = begun(store)
    assert len(store.snapshots(run_id)) == 0
    images = np.zeros((2, 28, 28), np.uint8)
    for epochs in (1, 2):
        snapshots = many_snapshots(RECIPE.network, epochs, images)
        store.commit_epoch(run_id, attempt, dataclasses.replace(checkpoint(epochs), snapshots=snapshots))
        assert store.snapshots(run_id).epochs.tolist() == list(range(epochs + 1))
    again = store.begin(run_id)
    assert again[1].snapshots.epochs.tolist() == [0, 1, 2]
    store.finish(run_id, again[2], trained(), "")
    np.testing.assert_array_equal(store.snapshots(run_id).filters, snapshots.filters)


def test_the_film_of_no_run_is_asked_for_in_vain(store):
    with pytest.raises(NoSuchRun):
        store.snapshots("nosuchrun")


def spoil(store, run_id, **values):
    """Write a row as another version would have."""
    columns = ", ".join(f"{column} = :{column}" for column in values)
    with store._database.writing() as session:
        session.execute(text(f"UPDATE run SET {columns} WHERE id = :id"), values | {"id": run_id})


OF_ANOTHER_VERSION = [
    {"recipe": '{"version": 2}'},
    {"scores": '{"new": 1}'},
    {"history": '[{"epoch": 1, "new": 2}]'},
    {"state": "dreaming"},
]


@pytest.mark.parametrize("values", OF_ANOTHER_VERSION, ids=lambda values: next(iter(values)))
def test_a_run_of_another_version_fails_nobody_else_and_can_be_renamed_and_deleted(store, values):
    other, attempt = begun(store)
    store.finish(other, attempt, trained(), "")
    mine = store.submit(MINE, RECIPE)
    spoil(store, other, **values)
    with pytest.raises(NoSuchRun, match="another version"):
        store.run(other)
    assert [run.id for run in store.runs_of(MINE)] == [mine]
    assert [run.id for run in store.listed(MINE)] == [mine, other]
    store.rename(other, MINE, "Old one")
    assert store.listed(MINE)[1].name == "Old one"
    store.delete(other, MINE)
    assert [run.id for run in store.listed(MINE)] == [mine]


def test_a_list_says_of_a_run_of_another_version_that_it_cannot_be_read(store):
    run_id, attempt = begun(store)
    store.finish(run_id, attempt, trained(), "")
    listed = store.listed(MINE)[0]
    assert (listed.recipe, listed.scores.test_accuracy, listed.state) == (RECIPE, 0.9, RunState.FINISHED)
    spoil(store, run_id, recipe="{}")
    assert store.listed(MINE)[0].recipe is None


def test_a_waiting_run_of_another_version_fails_when_its_turn_comes(store):
    run_id = store.submit(MINE, RECIPE)
    spoil(store, run_id, recipe="{}")
    assert store.claim_next() == run_id
    assert store.begin(run_id) is None
    assert store.claim_next() is None
    assert store.submit(MINE, RECIPE) != run_id


def test_an_active_run_of_another_version_is_in_nobodys_way(store):
    waiting = store.submit(MINE, RECIPE)
    spoil(store, waiting, recipe="{}")
    assert store.active_run(MINE) is None
    assert store.submit(MINE, RECIPE) != waiting
    claimed = store.claim_next()
    spoil(store, claimed, recipe="{}")
    assert store.running() == []
    assert store.claim_next() is None
    following = store.submit(THEIRS, RECIPE)
    assert store.claim_next() == following


OF_ITSELF_DAMAGED = [{"recipe": "{broken"}, {"history": "[{broken"}, {"history": "nothing"}, {"points": "[3]"}]


@pytest.mark.bad_input(25)
@pytest.mark.parametrize("values", OF_ITSELF_DAMAGED, ids=lambda values: " ".join(*values.items()))
def test_a_damaged_text_of_a_run_in_training_costs_that_run_only(store, values):
    damaged, _ = begun(store)
    queued = store.submit(THEIRS, RECIPE)
    spoil(store, damaged, **values)
    assert [run.id for run in store.active()] == [queued]
    assert store.begin(damaged) is None
    assert store.running() == []
    assert store.claim_next() == queued
    assert store.begin(queued)
    listed = store.listed(MINE)[0]
    assert (listed.id, listed.state) == (damaged, RunState.FAILED)
    with pytest.raises(NoSuchRun, match="is damaged"):
        store.run(damaged)
    store.delete(damaged, MINE)
    assert store.listed(MINE) == []


def test_a_run_knows_what_it_began_with_and_what_it_repeats(store):
    model = trained().model
    run_id = store.submit(MINE, RECIPE, start=model, continues="first", replays="second")
    run = store.run(run_id)
    assert (run.continues, run.replays) == ("first", "second")
    for name, weights in store.start(run_id).weights.items():
        np.testing.assert_array_equal(weights, model.weights[name])
    assert store.start(store.submit(THEIRS, RECIPE)) is None


def flip(store, run_id, column, place=-1, table="run_data"):
    """Turn one bit of what is kept."""
    with store._database.writing() as session:
        content = session.scalar(text(f"SELECT {column} FROM {table} WHERE id = :id"), {"id": run_id})
        damaged = bytearray(content)
        damaged[place % len(damaged)] ^= 4
        flipped = {"flipped": bytes(damaged), "id": run_id}
        session.execute(text(f"UPDATE {table} SET {column} = :flipped WHERE id = :id"), flipped)


@pytest.mark.parametrize("place", [0, 40, -1])
@pytest.mark.parametrize("column", ["model", "keras_file", "test_probabilities", "samples"])
def test_a_flipped_bit_in_what_a_run_left_is_noticed_and_said(store, column, place):
    run_id, attempt = begun(store)
    store.keep_samples(run_id, attempt, Digits(np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)))
    store.finish(run_id, attempt, trained(), "")
    flip(store, run_id, column, place)
    with pytest.raises(Damaged, match="Train it again"):
        getattr(store, column)(run_id)
    assert store.run(run_id).state == RunState.FINISHED


@pytest.mark.bad_input(25)
def test_a_damaged_checkpoint_gives_way_to_the_one_before_and_then_to_the_beginning(store):
    run_id, attempt = begun(store)
    for epochs in (1, 2, 3):
        store.report(run_id, attempt, progress(epoch=epochs, step=20), as_point=True)
        store.commit_epoch(run_id, attempt, checkpoint(epochs))
    flip(store, run_id, "checkpoint")
    _, found, attempt = store.begin(run_id)
    assert len(found.history) == 2
    run = store.run(run_id)
    assert "last checkpoint was damaged on the server's disk; it went on from epoch 2" in run.notice
    assert len(run.history) == 2
    flip(store, run_id, "previous")
    store.commit_epoch(run_id, attempt, checkpoint(3))
    assert store.begin(run_id)[1].history == checkpoint(3).history
    flip(store, run_id, "checkpoint")  # the one before is still the damaged one of above
    store.leave(run_id, store.run(run_id).attempt, RunState.INTERRUPTED, "")
    store.resume(run_id, MINE)
    store.claim_next()
    _, found, _ = store.begin(run_id)
    assert found is None
    assert "it began again" in store.run(run_id).notice
    assert store.run(run_id).history == ()


@pytest.mark.bad_input(32)
def test_a_slow_reader_holds_nobody_up_and_a_visitor_who_has_left_no_place(store):
    slow = RunStore(store.url)
    ahead = slow.submit(THEIRS, RECIPE)
    with slow._database.reading() as session:
        session.execute(text("SELECT * FROM run")).fetchone()  # reads, and never goes on
        mine = store.submit(MINE, RECIPE)
        assert store.claim_next() == ahead
        attempt = store.begin(ahead)[2]
        assert store.report(ahead, attempt, progress())
        store.finish(ahead, attempt, trained(), "")
        assert store.claim_next() == mine


@pytest.mark.bad_input(33)
def test_a_clock_that_is_set_back_changes_no_order_and_makes_no_time_negative(store, monkeypatch):
    clock = [10_000.0]
    monkeypatch.setattr("core.store.runs.time.time", lambda: clock[0])
    first = store.submit(MINE, RECIPE)
    clock[0] -= 3600
    second = store.submit(THEIRS, RECIPE)
    assert store.claim_next() == first
    attempt = store.begin(first)[2]
    clock[0] -= 3600
    store.report(first, attempt, progress())
    assert store.position(second, 1).seconds > 0
    store.finish(first, attempt, trained(), "")
    assert store.claim_next() == second
    later = store.submit(MINE, RECIPE)
    assert 0 < store.position(later, 1).seconds < 3600


@pytest.mark.bad_input(33)
def test_a_resumed_run_overtakes_nobody_where_the_clock_was_set_back(store, monkeypatch):
    clock = [10_000.0]
    monkeypatch.setattr("core.store.runs.time.time", lambda: clock[0])
    resumed, attempt = begun(store)
    store.pause(resumed, attempt, checkpoint(1))
    clock[0] += 2 * 3600
    first = store.submit(THEIRS, RECIPE)
    clock[0] -= 3600
    store.resume(resumed, MINE)
    assert [store.claim_next(places=2) for _ in range(2)] == [first, resumed]


def aged(store, run_id, days):
    with store._database.writing() as session:
        earlier = {"seconds": 86_400 * days, "id": run_id}
        session.execute(text("UPDATE run SET ended = ended - :seconds WHERE id = :id"), earlier)


def ended_run(store, owner):
    run_id, attempt = begun(store, owner)
    store.finish(run_id, attempt, trained(), "")
    return run_id


def test_runs_that_are_too_old_or_too_many_bytes_go_and_never_an_active_one(store, monkeypatch):
    old, new = ended_run(store, "1" * 64), ended_run(store, "2" * 64)
    active, attempt = begun(store)
    waiting = store.submit(THEIRS, RECIPE)
    aged(store, old, 400)
    aged(store, new, 300)
    assert store.cull() == 1
    assert {run.id for owner in ("1" * 64, "2" * 64, MINE, THEIRS) for run in store.runs_of(owner)} == {
        new,
        active,
        waiting,
    }
    monkeypatch.setenv("INKLING_MAX_MEGABYTES", "10")
    monkeypatch.setattr("core.store.runs.MEGABYTE", 0.001)
    assert store.cull() == 1
    assert store.runs_of("2" * 64) == []
    assert store.run(active).state == RunState.RUNNING
    assert store.report(active, attempt, progress()) is not None


def test_a_run_that_can_be_resumed_goes_for_its_size_only_where_no_other_is_left(store, monkeypatch):
    monkeypatch.setenv("INKLING_MAX_MEGABYTES", "10")
    paused, attempt = begun(store)
    store.pause(paused, attempt, checkpoint(1))
    finished = ended_run(store, THEIRS)
    monkeypatch.setattr("core.store.runs.MEGABYTE", 500)  # bytes; a checkpoint takes less, a model more
    store.cull()
    assert store.run(paused).state == RunState.PAUSED
    with pytest.raises(NoSuchRun):
        store.run(finished)
    monkeypatch.setattr("core.store.runs.MEGABYTE", 1)
    assert store.cull() == 1


def test_checkpoints_of_runs_that_cannot_be_resumed_go_and_those_of_paused_ones_stay(store):
    failed, attempt = begun(store)
    store.commit_epoch(failed, attempt, checkpoint(1))
    store.leave(failed, attempt, RunState.FAILED, "")
    paused, attempt = begun(store, THEIRS)
    store.pause(paused, attempt, checkpoint(1))
    store.cull()
    with store._database.reading() as session:
        kept = dict(session.execute(text("SELECT id, checkpoint IS NOT NULL FROM run_data")).all())
    assert kept == {failed: 0, paused: 1}


def held(store):
    with store._database.reading() as session:
        return set(session.scalars(text("SELECT id FROM run_data")))


def test_more_runs_than_one_statement_can_name_are_deleted_at_once(store, monkeypatch):
    monkeypatch.setattr("core.store.run_queries.DELETED_AT_ONCE", 2)
    ids = [ended_run(store, f"{number:064}") for number in range(5)]
    for run_id in ids:
        aged(store, run_id, 400)
    assert store.cull() == 5
    assert held(store) == set()


def test_a_model_that_is_held_in_memory_goes_with_its_run_and_after_as_long_as_a_run_may_be_kept(
    store, tmp_path, monkeypatch
):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    deleted, old, kept = ended_run(store, MINE), ended_run(store, THEIRS), ended_run(store, THEIRS)
    for run_id in (deleted, old, kept, "lost"):
        fallback.hold_model(run_id, b"model")
    store.delete(deleted, MINE)
    assert fallback.held_model(deleted) is None
    aged(store, old, 400)
    store.cull()
    assert fallback.held_model(old) is None
    assert fallback.held_model("lost") == b"model"
    os.utime(fallback_folder() / fallback.file_name("lost"), (time.time() - 86_400 * 366,) * 2)
    store.cull()
    assert fallback.held_model("lost") is None
    assert fallback.held_model(kept) == b"model"
    fallback.drop_model(kept)


def test_a_run_whose_owner_is_damaged_is_nobodys(store):
    run_id = store.submit(MINE, RECIPE)
    spoil(store, run_id, owner="\ufffd" * 64)
    for act in (store.delete, lambda run_id, owner: store.rename(run_id, owner, "Mine")):
        with pytest.raises(NoSuchRun):
            act(run_id, MINE)
    with pytest.raises(NoSuchRun):
        Scoreboard(store.url).join(store.run(run_id), MINE, "Ada")


def test_a_checkpoint_of_another_version_costs_its_epochs_and_not_the_queue(store):
    run_id, _ = begun(store)
    of_another = checkpoint(1).to_bytes().replace(b"patience", b"patients")
    with store._database.writing() as session:
        run_queries.write_data(session, run_id, checkpoint=of_another)
    recipe, found, _ = store.begin(run_id)
    assert (recipe, found) == (RECIPE, None)
    assert "began again" in store.run(run_id).notice


def test_what_happens_to_a_run_is_in_the_log_with_its_id(store, caplog):
    caplog.set_level("INFO", "inkling.runs")
    run_id, attempt = begun(store)
    store.pause(run_id, attempt, checkpoint(1))
    store.resume(run_id, MINE)
    store.claim_next()
    store.give_back(run_id)
    store.claim_next()
    for _ in range(run_queries.RESUMES + 2):
        store.begin(run_id)
    spoiled = store.submit(THEIRS, RECIPE)
    spoil(store, spoiled, recipe="{}")
    store.claim_next()
    store.begin(spoiled)
    store.delete(run_id, MINE)
    events = [message.split()[:2] for message in caplog.messages]
    assert [event for event, run in events if run == f"run={run_id}"] == [
        f"event={what}" for what in ("queued", "resumed", "given_back", "interrupted", "deleted")
    ]
    assert ["event=unreadable", f"run={spoiled}"] in events


# What the workshop's leader does


def test_a_paused_queue_lets_nothing_begin_and_goes_on_where_it_was(store):
    running = store.submit(MINE, RECIPE)
    assert store.claim_next() == running
    waiting = store.submit(THEIRS, RECIPE)
    store.pause_queue(True)
    store.pause_queue(True)
    assert RunStore(store.url).is_queue_paused()  # another process, or this one after a restart
    assert store.claim_next(places=100) is None
    assert store.queue_length() == 0  # nobody starts an engine for it
    assert store.run(waiting).is_held
    assert not store.run(running).is_held
    store.pause_queue(False)
    assert not store.run(waiting).is_held
    assert store.claim_next(places=100) == waiting


def test_the_leader_sees_all_active_runs_in_the_order_of_the_queue_and_counts_the_others(store):
    ids = [store.submit(f"{number:064}", RECIPE) for number in range(4)]
    assert store.claim_next(places=1) == ids[0]
    store.ask(ids[2], f"{2:064}", "stop", "The leader stopped it.")
    assert [run.id for run in store.active()] == [ids[0], ids[1], ids[3]]
    assert store.run(ids[2]).notice == "The leader stopped it."
    assert store.counts() == {RunState.QUEUED: 2, RunState.RUNNING: 1, RunState.STOPPED: 1}


def test_a_run_that_somebody_else_stopped_tells_its_owner_so(store):
    run_id, attempt = begun(store)
    store.ask(run_id, MINE, "stop", "The leader stopped it.")
    assert store.report(run_id, attempt, progress()).requested_action == "stop"
    store.finish(run_id, attempt, trained(was_stopped=True), "")
    assert store.run(run_id).notice == "The leader stopped it."


def test_a_leader_clears_what_ended_long_ago_and_neither_what_is_active_nor_what_is_young(store, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    old, attempt = begun(store)
    store.finish(old, attempt, trained(), "")
    stopped = store.submit(THEIRS, RECIPE)
    store.ask(stopped, THEIRS, "stop")
    waiting = store.submit("d" * 64, RECIPE)
    now += 3600
    assert store.count_old(1 / 24) == 0
    now += 1
    assert store.count_old(1 / 24) == store.cull(1 / 24) == 2
    assert store.count_old(1 / 24) == store.cull(1 / 24) == 0
    for gone in (old, stopped):
        with pytest.raises(NoSuchRun):
            store.run(gone)
    assert store.run(waiting).state == RunState.QUEUED


def test_a_run_is_in_its_place_as_soon_as_it_is_queued_and_out_of_it_as_soon_as_it_is_not(store):
    first, second = (store.submit(owner, tiny.RECIPE) for owner in ("a" * 64, "b" * 64))
    assert store.position(second, 1).before == store.run(second).waiting == 1
    third = store.submit("c" * 64, tiny.RECIPE)
    assert store.position(third, 1).before == store.run(third).waiting == 2
    store.ask(first, "a" * 64, "stop")
    assert store.position(first, 1) is None
    assert [store.run(run_id).waiting for run_id in (second, third)] == [0, 1]
    store.pause_queue(True)
    assert store.run(third).is_held


def test_a_room_that_looks_at_the_queue_at_once_reads_it_once(store, monkeypatch):
    looks = []
    entries = run_queries.queue_entries
    monkeypatch.setattr(runs, "QUEUE_SECONDS", 600.0)
    monkeypatch.setattr(run_queries, "queue_entries", lambda *a, **k: looks.append(1) or entries(*a, **k))
    queued = [store.submit(f"{number:064}", tiny.RECIPE) for number in range(5)]
    assert [store.run(run_id).waiting for run_id in queued] == [0, 1, 2, 3, 4]
    assert [store.position(run_id, 1).before for run_id in queued] == [0, 1, 2, 3, 4]
    assert len(looks) == 1
    monkeypatch.setattr(runs, "QUEUE_SECONDS", 0.0)
    assert store.position(queued[4], 1).before == 4
    assert len(looks) == 2
