import dataclasses
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from core.digits.dataset import Digits
from core.networks.names import MAX_NAME
from core.store import queue, run_queries, runs
from core.store.run_tables import NoSuchRun, RunState
from core.store.runs import MAX_POINTS, RunStore
from core.store.server_limits import OverLimit
from core.training.fine_tuning import FineTuning
from tests.samples import many_snapshots
from tests.store.steps import MINE, RECIPE, THEIRS, begun, checkpoint, drawing, progress
from tests.training import tiny
from tests.training.tiny import trained

ROOT = Path(__file__).parents[2]


def test_a_second_run_of_the_same_name_is_numbered(store):
    names, long = {}, "x" * MAX_NAME
    for owner, name in ((MINE, "Mine"), (MINE, "Mine"), (MINE, long), (MINE, long), (THEIRS, "Mine")):
        run_id = store.submit(owner, RECIPE, name)
        names[run_id] = store.name(run_id)
        store.ask(run_id, owner, "stop")
    assert list(names.values()) == ["Mine", "Mine (2)", long, long[:-4] + " (2)", "Mine"]


@pytest.mark.bad_input(28)
def test_a_second_click_returns_the_active_run(store):
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
def test_two_processes_that_submit_at_once_start_one_run(store):
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


def test_simultaneous_claims_never_get_the_same_run(store):
    for number in range(12):
        store.submit(f"{number:064}", RECIPE)
    claimed = []
    claims = [threading.Thread(target=lambda: claimed.append(store.claim_next())) for _ in range(9)]
    for claim in claims:
        claim.start()
    for claim in claims:
        claim.join()
    assert len(set(filter(None, claimed))) == 9
    assert store.queue_length() == 3


def test_an_infinite_loss_is_kept(store):
    run_id, attempt = begun(store)
    overflown = dataclasses.replace(progress(), loss=float("inf"), validation_loss=float("inf"))
    store.report(run_id, attempt, overflown, as_point=True)
    assert store.run(run_id).live == overflown
    assert store.run(run_id).points == (overflown,)


def test_the_queue_is_first_come_first_served_and_tells_who_is_ahead(store):
    first, second = store.submit(MINE, RECIPE), store.submit(THEIRS, RECIPE)
    assert store.run(second).runs_ahead == 1
    assert store.claim_next() == first
    assert store.run(second).runs_ahead == 0
    assert store.queue_length() == 1


def test_workers_that_share_a_queue_train_one_run_per_owner(store):
    mine, theirs = store.submit(MINE, RECIPE), store.submit(THEIRS, RECIPE)
    store.submit(MINE, RECIPE.model_copy(update={"seed": 1}))
    assert [store.claim_next("one"), RunStore(store.url).claim_next("two")] == [mine, theirs]
    assert {(claim.run_id, claim.worker) for claim in store.claims()} == {(mine, "one"), (theirs, "two")}
    assert store.claim_next("three") is None  # whose owner has one in training


@pytest.mark.bad_input(25)
def test_of_several_workers_one_takes_over_a_claim_and_the_former_worker_can_write_no_more(store):
    run_id, attempt = begun(store)
    store.commit_epoch(run_id, attempt, checkpoint(1))
    (claim,) = store.claims()
    assert store.take_over(claim, "one")
    assert not store.take_over(claim, "two")
    _, found, following = store.begin(run_id)
    assert (len(found.history), following) == (1, attempt + 1)
    assert store.report(run_id, attempt, progress()) is None
    assert "went on from epoch 1" in store.run(run_id).notice


def test_a_claim_that_is_renewed_meanwhile_cannot_be_taken_over(store):
    run_id, attempt = begun(store)
    (claim,) = store.claims()
    store.report(run_id, attempt, progress())
    assert not store.take_over(claim, "another")


@pytest.mark.bad_input(30)
def test_cancelling_a_resumed_run_in_the_queue_pauses_it_again(store):
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


def test_worker_deaths_in_different_epochs_do_not_add_up(store):
    run_id, attempt = begun(store)
    for epochs in (1, 2, 3):
        attempt = store.begin(run_id)[2]
        store.commit_epoch(run_id, attempt, checkpoint(epochs))
    assert store.run(run_id).state == RunState.RUNNING


def test_reports_are_kept_and_return_the_requested_action(store):
    run_id, attempt = begun(store)
    first = store.report(run_id, attempt, progress(), as_point=True)
    assert (first.requested_action, first.drawing) == ("", None)
    store.ask(run_id, MINE, "stop")
    assert store.report(run_id, attempt, progress(step=20)).requested_action == "stop"
    run = store.run(run_id)
    assert run.live == progress(step=20)
    assert run.points == (progress(),)


def test_a_curve_has_at_most_300_points(store):
    run_id, attempt = begun(store)
    for step in range(MAX_POINTS + 5):
        store.report(run_id, attempt, progress(step=step), as_point=True)
    assert len(store.run(run_id).points) == MAX_POINTS


def test_the_next_attempt_continues_from_the_committed_epoch(store):
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
def test_what_a_worker_of_an_older_attempt_writes_is_ignored(store):
    run_id, attempt = begun(store)
    store.begin(run_id)
    assert store.report(run_id, attempt, progress()) is None
    store.commit_epoch(run_id, attempt, checkpoint(1))
    store.finish(run_id, attempt, trained(), "")
    assert store.run(run_id).history == ()
    assert store.run(run_id).state == RunState.RUNNING


@pytest.mark.bad_input(25)
def test_a_run_whose_worker_dies_twice_is_interrupted_until_it_is_resumed(store):
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
    assert not run.is_fine_tuning
    assert store.fine_tuning(run_id) is None


def test_a_workers_report_returns_the_owners_latest_drawing(store):
    run_id = store.submit(MINE, RECIPE, drawing=drawing(0))
    store.claim_next()
    attempt = store.begin(run_id)[2]
    np.testing.assert_array_equal(store.report(run_id, attempt, progress()).drawing, drawing(0))
    store.watch(run_id, MINE, drawing(1))
    np.testing.assert_array_equal(store.report(run_id, attempt, progress()).drawing, drawing(1))
    np.testing.assert_array_equal(store.run(run_id).drawing, drawing(1))


def test_answers_to_the_drawing_are_not_kept_in_the_curve(store):
    run_id, attempt = begun(store)
    answered = dataclasses.replace(progress(), drawing_probabilities=(0.1,) * 10)
    store.report(run_id, attempt, answered, as_point=True)
    assert store.run(run_id).live == answered
    assert store.run(run_id).points == (progress(),)


def test_a_fine_tuning_keeps_its_start_and_drawings_through_every_attempt(store):
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


def test_a_resumed_run_continues_at_the_step_where_it_was_paused(store):
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


def test_a_paused_run_that_is_stopped_is_queued_only_to_be_measured(store):
    run_id = stopped_while_paused(store)
    assert store.claim_next() == run_id
    _, stands_at, attempt = store.begin(run_id)
    assert stands_at.step == 12
    assert store.report(run_id, attempt, None).requested_action == "stop"


def test_the_wait_behind_a_run_that_is_only_measured_is_short(store):
    stopped_while_paused(store)
    place = store.position(store.submit(MINE, RECIPE), workers=1)
    assert place.before == 1
    assert place.seconds == pytest.approx(queue.OVERHEAD_SECONDS + queue.HANDOVER_SECONDS)


def test_a_paused_run_can_be_stopped_although_its_recipe_is_over_the_limits(store, monkeypatch):
    run_id, attempt = begun(store)
    store.pause(run_id, attempt, checkpoint(1, step=12))
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "1")
    with pytest.raises(OverLimit):
        store.resume(run_id, MINE)
    store.stop_paused(run_id, MINE)
    assert store.run(run_id).requested_action == "stop"


@pytest.mark.parametrize(("has_points", "notice"), [(False, "before it began"), (True, "within its first epoch")])
def test_a_paused_run_without_a_checkpoint_is_stopped_at_once(store, has_points, notice):
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
def test_a_wrong_id_finds_no_run(store, run_id):
    for read in (store.run, store.model, store.snapshots):
        with pytest.raises(NoSuchRun, match="no such run"):
            read(run_id)


@pytest.mark.bad_input(31)
def test_a_deleted_run_is_gone_and_its_worker_stops(store):
    run_id, attempt = begun(store)
    store.delete(run_id, MINE)
    assert store.report(run_id, attempt, progress()) is None
    store.finish(run_id, attempt, trained(), "")
    with pytest.raises(NoSuchRun):
        store.run(run_id)


def test_snapshots_are_committed_with_their_epoch_and_kept_with_the_run(store):
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


def test_a_run_knows_what_it_continues_and_what_it_replays(store):
    model = trained().model
    run_id = store.submit(MINE, RECIPE, start=model, continues="first", replays="second")
    run = store.run(run_id)
    assert (run.continues, run.replays) == ("first", "second")
    for name, weights in store.start(run_id).weights.items():
        np.testing.assert_array_equal(weights, model.weights[name])
    assert store.start(store.submit(THEIRS, RECIPE)) is None


@pytest.mark.bad_input(32)
def test_a_slow_reader_blocks_nobody(store):
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
    assert [store.claim_next() for _ in range(2)] == [first, resumed]


def test_a_paused_queue_lets_no_run_begin_and_keeps_its_order(store):
    running = store.submit(MINE, RECIPE)
    assert store.claim_next() == running
    waiting = store.submit(THEIRS, RECIPE)
    store.pause_queue(True)
    store.pause_queue(True)
    assert RunStore(store.url).is_queue_paused()  # another process, or this one after a restart
    assert store.claim_next() is None
    assert store.queue_length() == 0  # nobody starts an engine for it
    assert store.run(waiting).is_held
    assert not store.run(running).is_held
    store.pause_queue(False)
    assert not store.run(waiting).is_held
    assert store.claim_next() == waiting


def test_a_list_can_be_cut_and_tells_of_the_newest_run_that_can_be_resumed(store):
    finished, attempt = begun(store)
    store.finish(finished, attempt, trained(), "")
    paused, attempt = begun(store, recipe=RECIPE.model_copy(update={"seed": 1}))
    store.pause(paused, attempt, checkpoint(1))
    newest = store.submit(MINE, RECIPE.model_copy(update={"seed": 2}))
    assert [run.id for run in store.listed(MINE, 2)] == [newest, paused]
    assert [run.id for run in store.listed(MINE, with_model=True)] == [finished]
    assert store.count_of(MINE) == 3
    assert store.latest_run(MINE, since=0.0).id == paused
    store.delete(paused, MINE)
    assert store.latest_run(MINE, since=0.0).id == newest
    assert store.latest_run(MINE, since=store.run(newest).created) is None


def test_what_a_page_asks_at_each_rerun_is_found_by_an_index(store):
    if not store.url.startswith("sqlite"):
        pytest.skip("PostgreSQL plans by the size of the tables")
    for where in (
        "owner = 'a' ORDER BY created DESC LIMIT 50",
        "owner = 'a' AND state IN ('paused', 'interrupted') AND created > 5 ORDER BY created DESC LIMIT 10",
        "took IS NOT NULL ORDER BY ended DESC LIMIT 100",
    ):
        with store._database.reading() as session:
            plan = str(session.execute(text(f"EXPLAIN QUERY PLAN SELECT recipe FROM run WHERE {where}")).all())
        assert "USING INDEX" in plan
        assert "SCAN run'" not in plan


def test_active_runs_are_listed_in_the_order_of_the_queue(store):
    ids = [store.submit(f"{number:064}", RECIPE) for number in range(4)]
    assert store.claim_next() == ids[0]
    store.ask(ids[2], f"{2:064}", "stop", "The leader stopped it.")
    assert [run.id for run in store.active()] == [ids[0], ids[1], ids[3]]
    assert store.run(ids[2]).notice == "The leader stopped it."
    assert store.counts() == {RunState.QUEUED: 2, RunState.RUNNING: 1, RunState.STOPPED: 1}


def test_a_run_that_the_leader_stopped_tells_its_owner(store):
    run_id, attempt = begun(store)
    store.ask(run_id, MINE, "stop", "The leader stopped it.")
    assert store.report(run_id, attempt, progress()).requested_action == "stop"
    store.finish(run_id, attempt, trained(was_stopped=True), "")
    run = store.run(run_id)
    assert (run.state, run.notice, run.has_model) == (RunState.STOPPED, "The leader stopped it.", True)


def test_positions_change_as_soon_as_a_run_joins_or_leaves_the_queue(store):
    first, second = (store.submit(owner, tiny.RECIPE) for owner in ("a" * 64, "b" * 64))
    assert store.position(second, 1).before == store.run(second).runs_ahead == 1
    third = store.submit("c" * 64, tiny.RECIPE)
    assert store.position(third, 1).before == store.run(third).runs_ahead == 2
    store.ask(first, "a" * 64, "stop")
    assert store.position(first, 1) is None
    assert [store.run(run_id).runs_ahead for run_id in (second, third)] == [0, 1]
    store.pause_queue(True)
    assert store.run(third).is_held


def test_many_looks_at_the_queue_read_it_once(store, monkeypatch):
    looks = []
    entries = run_queries.queue_entries
    monkeypatch.setattr(runs, "QUEUE_SECONDS", 600.0)
    monkeypatch.setattr(run_queries, "queue_entries", lambda *a, **k: looks.append(1) or entries(*a, **k))
    queued = [store.submit(f"{number:064}", tiny.RECIPE) for number in range(5)]
    assert [store.run(run_id).runs_ahead for run_id in queued] == [0, 1, 2, 3, 4]
    assert [store.position(run_id, 1).before for run_id in queued] == [0, 1, 2, 3, 4]
    assert len(looks) == 1
    monkeypatch.setattr(runs, "QUEUE_SECONDS", 0.0)
    assert store.position(queued[4], 1).before == 4
    assert len(looks) == 2
