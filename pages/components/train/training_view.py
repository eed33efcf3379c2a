"""The live view of one run: figures, curves and samples while it goes on; what it learned when it is over.

Everything has its place from the first frame to the last; an empty sheet holds the place of what is still to come.
"""

import random
from contextlib import suppress
from functools import partial

import numpy as np
import streamlit as st

from core.engine.local_engine import EngineState
from core.errors import problem_of
from core.formatting import NONE, a_digit, duration, loss_text, percent, setting_text
from core.networks.history import share_done
from core.networks.keras_script import file_stem
from core.networks.model import Scores
from core.networks.settings import differing
from core.reports import charts
from core.reports.fine_tuning_report import fine_tuning_sentence, readings
from core.reports.images import data_url
from core.reports.progress import (
    ENDED_EARLY,
    WAITS_TO_BE_MEASURED,
    action_words,
    curves_sentence,
    last_answers,
    last_validation_accuracy,
    score_sentence,
    seconds_left,
    state_words,
    watched_sentence,
)
from core.reports.vega import Row
from core.store.queue import position_sentence
from core.store.run_tables import NoSuchRun, Run, RunState
from core.store.runs import run_store
from core.store.unsaved_models import held_model
from core.training.checkpoint import Action
from core.training.fine_tuning import FineTuning
from pages.components.base import errors
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption, on_accent
from pages.components.images import square_image, thumbnails
from pages.components.parts import answer, downloads
from pages.components.runs import run_actions, scoreboard_entry
from pages.components.train import run_figures, sample_strip
from pages.components.visitor import model_choice, own_drawings, workspace
from pages.components.visitor.engine import engine

EVERY = 0.5  # seconds between two looks at a run in progress, or at one that is next
QUEUED_EVERY = 3.0  # at one that others are before: a room full of them costs the server more than all else it does
WAITING_EVERY = 4.0  # at one that is paused: it may be resumed in another tab
CURVE_HEIGHT = 176  # pixels
RATE_HEIGHT = 96
DRAWINGS_HEIGHT, DRAWINGS_SHOWN = 160, 22  # of a fine-tuning: two rows; more are scrolled
_WAITING = (RunState.PAUSED, RunState.INTERRUPTED)  # for somebody to resume it


def render(run: Run) -> None:
    """Draw the run; while it is queued, running or paused, the view refreshes itself."""
    drawing = own_drawings.last_drawing()
    is_new = drawing is not None and (run.drawing is None or not np.array_equal(drawing, run.drawing))
    if drawing is not None and is_new and run.state.is_active and workspace.owns(run):
        with suppress(NoSuchRun):  # deleted a moment ago: the view says so
            run_store().watch(run.id, workspace.owner(), drawing)  # it may have been drawn since the run began
    st.fragment(_view, run_every=_seconds_between_looks(run))(run.id, run.state)


def _seconds_between_looks(run: Run) -> float | None:
    if run.state in _WAITING:
        return WAITING_EVERY
    if not run.state.is_active:
        return None
    return QUEUED_EVERY if run.runs_ahead else EVERY


def render_empty() -> None:
    """Draw empty sheets where the figures and charts of the first run will appear."""
    with st.container(key="no_run", gap="xsmall"):
        st.header("Your run will appear here", anchor=False)
        run_figures.render(
            dict.fromkeys(("Epoch", "Validation", "Loss", "Images/s", "Time left"), NONE), 0, "Not started"
        )
        _render_curves(None)
        _render_drawing_and_samples(None)
        _render_rate_and_check(None)


@errors.on_page()
def _view(run_id: str, state: RunState) -> None:
    try:
        run = run_store().run(run_id)
    except NoSuchRun:
        st.rerun()  # deleted in another tab: the page says so, and leads home
    if run.state != state:
        st.rerun()  # the page's own button, and this fragment's timer, depend on the state
    with st.container(key="run", gap="xsmall"):
        _render_head(run)
        is_looked_for = run.state.is_active or st.query_params.get("run") == run.id  # on a phone it lies far down
        run_figures.render(_figures(run), _share(run), _status(run), run.id if is_looked_for else "")
        if run.notice:
            _render_notice(run)
        if not run.has_model and (held := held_model(run.id)):
            _render_rescued(run, held)
        if run.continues or run.replays:
            _render_origin(run)
        if run.is_fine_tuning:
            _render_fine_tuning(run)
        _render_curves(run)
        _render_drawing_and_samples(run)
        _render_rate_and_check(run)


def _render_head(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.header(plain(run.name), anchor=False, width="content")
        with st.container(horizontal=True, gap="xsmall", width="content", key="run_buttons"):
            if run.has_model:
                run_actions.render_uses(run)
                scoreboard_entry.render(run)
            elif workspace.owns(run):
                _render_controls(run)
            else:
                caption("You are watching. Only its owner can stop this run.", width="content")


def _render_controls(run: Run) -> None:
    stop = partial(st.button, key="stop", icon=":material/stop:")
    if run.state.is_active:
        if run.state == RunState.RUNNING:
            is_asked = bool(run.requested_action)
            pause = partial(st.button, key="pause", icon=":material/pause:")
            pause("Pause", disabled=is_asked, on_click=_ask, args=(run, "pause"))
            stop("Stop", disabled=is_asked, on_click=_ask, args=(run, "stop"))
        else:
            stop("Cancel", on_click=_ask, args=(run, "stop"))
    elif run.state in _WAITING:
        is_free = not problem_of(lambda: run_store().check_may_resume(run.owner, run.recipe))
        label = on_accent("Resume") if is_free else "Resume"
        st.button(label, key="resume", type="primary", disabled=not is_free, on_click=_resume, args=(run,))
        stop("Stop", on_click=_stop_paused, args=(run,))


@errors.in_callback()
def _ask(run: Run, requested_action: Action) -> None:
    run_store().ask(run.id, workspace.owner(), requested_action)


@errors.in_callback()
def _resume(run: Run) -> None:
    run_store().resume(run.id, workspace.owner())
    engine().check_queue()


@errors.in_callback()
def _stop_paused(run: Run) -> None:
    run_store().stop_paused(run.id, workspace.owner())
    engine().check_queue()


def _render_notice(run: Run) -> None:
    if run.state == RunState.FAILED:
        st.error(plain(run.notice), icon=":material/error:")
    else:
        st.warning(plain(run.notice), icon=":material/info:")


def _render_rescued(run: Run, model: bytes) -> None:
    """Draw a download of the model of a run that is over, while the disk does not take it."""
    st.warning(
        "The training is over, but the server's disk does not take its model. It is held in memory until there is "
        "room; download it to be safe.",
        icon=":material/warning:",
    )
    downloads.render("Download the model", model, f"{file_stem(run.name)}.safetensors")


def _render_origin(run: Run) -> None:
    """Draw which run this one continues or replays, with a link that compares both."""
    try:
        origin = run_store().run(run.continues or run.replays)
    except NoSuchRun:
        caption("The run whose weights it began with has been deleted.")
        return
    if run.continues:
        sentence = f"Goes on from {plain(origin.name)}, whose weights it began with."
    else:
        rows = differing([origin.recipe, run.recipe])
        changes = ", ".join(
            f"{name[:1].lower()}{name[1:]} {after} instead of {before}" for name, (before, after) in rows
        )
        sentence = f"Began with the same weights as {plain(origin.name)}; changed: {plain(changes)}."
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="origin"):
        caption(sentence, width="content")
        both = f"{origin.id},{run.id}"
        st.page_link("pages/runs.py", label=":small[Compare both]", query_params={"runs": both})


def _figures(run: Run) -> dict[str, str]:
    live, last = run.live, run.points[-1] if run.points else None
    now = live or last
    epoch = f"{now.epoch} of {run.recipe.epochs}" if now else NONE
    loss = loss_text(now.loss) if now else NONE
    accuracy = run.scores.validation_accuracy if run.scores else last_validation_accuracy(run.points, run.history)
    figures = {
        **({} if run.scores else {"Epoch": epoch}),
        "Validation": percent(accuracy) if accuracy is not None else NONE,
        "Loss": loss,
        "Images/s": f"{now.images_per_second:,.0f}" if now else NONE,
    }
    if run.scores:
        del figures["Images/s"]
        drawn = run.scores.drawn_accuracy
        measured = {
            "Test accuracy": percent(run.scores.test_accuracy),
            "Drawn digits": percent(drawn) if drawn is not None else NONE,
        }
        return measured | figures | {"Time": duration(run.scores.seconds)}
    epochs, batch_size = run.recipe.epochs, run.recipe.batch_size
    left = seconds_left(live, run.points, epochs, batch_size) if live and not run.requested_action else None
    return figures | {"Time left": duration(left) if left is not None else NONE}


def _share(run: Run) -> float:
    if run.state == RunState.FINISHED:
        return 1.0
    now = run.live or (run.points[-1] if run.points else None)
    return share_done(now, run.recipe.epochs) if now else 0.0


def _status(run: Run) -> str:
    """What happens now, or how the run ended, in a sentence."""
    if run.state == RunState.QUEUED:
        return (f"{WAITS_TO_BE_MEASURED.capitalize()}. " if run.requested_action else "") + _queue_status(run)
    if run.scores:
        fine_tuning = _fine_tuning(run.id) if run.is_fine_tuning else None
        return _fine_tuning_text(run, fine_tuning, run.scores) if fine_tuning else score_sentence(run.scores)
    if run.state != RunState.RUNNING:
        return state_words(run.state, run.points, run.history, run.recipe.epochs)
    if run.requested_action:
        return ": ".join(action_words(run.requested_action, run.has_begun)).capitalize()
    if run.live is None:
        return "Warming up TensorFlow: about 10 s the first time, a second or two later"
    live = run.live
    if share_done(live, run.recipe.epochs) == 1:
        return "Measuring on the test images"
    return f"Epoch {live.epoch}, batch {live.step:,} of {live.steps:,}"


def _queue_status(run: Run) -> str:
    if run.is_held:
        return "The queue is paused by the workshop's leader. Your run keeps its place"
    state = engine().state
    if state == EngineState.UNREACHABLE:
        return "The training engine cannot be reached. Your run waits, and starts when it is back"
    if state == EngineState.UNUSABLE:
        return f"No training machine can take your run, so it waits. {engine().trouble.removesuffix('.')}"
    position = run_store().position(run.id, engine().workers)
    if position and (position.before or position.running or state == EngineState.READY):
        return position_sentence(position)
    return "Starting the training engine and TensorFlow: about 10 s the first time"


def _render_check(run: Run) -> None:
    """Draw a random test image and what the network reads in it, as the last lines of script B do."""
    samples, probabilities = run_store().samples(run.id), run_store().test_probabilities(run.id)
    state = st.session_state
    index = state.setdefault(f"check_{run.id}", random.randrange(len(samples)))
    label = int(samples.labels[index])
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="check"):
        square_image.render(_grey(run.id, index), RATE_HEIGHT, f"A test image: a handwritten {label}")
        with st.container(gap="xsmall", width=150):
            st.markdown(f":small[{plain(charts.check_sentence(label, probabilities[index]))}]")
            st.button(
                "Another image",
                key="another_image",
                type="tertiary",
                icon=":material/refresh:",
                on_click=_choose_other,
                args=(run.id, len(samples)),
            )


def _choose_other(run_id: str, count: int) -> None:
    key = f"check_{run_id}"
    st.session_state[key] = (st.session_state[key] + random.randrange(1, count)) % count


@st.cache_data(show_spinner=False, max_entries=200)
def _grey(run_id: str, index: int) -> str:
    return data_url(charts.sample_image(run_store().samples(run_id).images[index]))


def _render_curves(run: Run | None) -> None:
    rows = charts.curve_rows(run.points, run.history) if run else []
    left, right = st.columns(2, gap="small")
    with left, st.container(gap=None):
        _render_curve(run, rows, "accuracy", "Accuracy: how many digits it reads, batch after batch.")
    with right, st.container(gap=None):
        _render_curve(run, rows, "loss", "Loss: how wrong its answers are; training lowers it.")
    sentence = curves_sentence(run.history) if run else ""
    if not sentence and run and run.state.is_over and run.has_begun:
        sentence = ENDED_EARLY
    caption(sentence or "After an epoch: what the curves say about training and validation together.")


def _render_curve(run: Run | None, rows: list[Row], value: str, promise: str) -> None:
    if run is None or not rows:
        _render_sheet(run, CURVE_HEIGHT, value, promise)
        return
    epochs = _epochs_shown(run)
    accuracy = value == "accuracy"
    summary = charts.curve_summary(run.points, run.history, "accuracy" if accuracy else "loss")
    spec = charts.accuracy_curves(epochs) if accuracy else charts.loss_curves(epochs)
    st.vega_lite_chart(rows, spec, key=f"{value}_{run.id}", height=CURVE_HEIGHT, alt=f"{value.capitalize()} curve")
    is_raised = run.recipe.label_smoothing and not accuracy
    caption(f"{summary} Label smoothing raises it: it cannot reach 0." if is_raised else summary)


def _render_drawing_and_samples(run: Run | None) -> None:
    left, right = st.columns(2, gap="small")
    with left, st.container(gap="xxsmall"):
        _render_drawing(run)
    with right, st.container(gap="xsmall"):
        answers = last_answers(run.live, run.points) if run else ()
        if run and run.has_model and not answers:  # it was stopped before its first look at them
            read = run_store().test_probabilities(run.id)[: sample_strip.IMAGES].argmax(axis=1)
            answers = tuple(int(digit) for digit in read)
        sample_strip.render(run.id if run else None, answers)


def _render_drawing(run: Run | None) -> None:
    """Draw the visitor's drawing, or that of the run's owner, and what the network makes of it now."""
    is_own = run is None or workspace.owns(run)
    drawing = own_drawings.last_drawing() if is_own else None
    if run and (drawing is None or run.state.is_active):
        drawing = run.drawing
    probabilities: tuple[float, ...] = ()
    if drawing is not None and run and run.has_model:
        probabilities = tuple(model_choice.run_model(run.id).probabilities(drawing[np.newaxis])[0])
    elif run and run.live:
        probabilities = run.live.drawing_probabilities
    sentence = watched_sentence(drawing is not None, probabilities, is_own=is_own)
    answer.render_learning(drawing, probabilities, sentence)
    if is_own:
        st.page_link(
            "pages/draw.py",
            label=":small[Put a digit of yours here]" if drawing is None else ":small[Put another digit here]",
            icon=":material/draw:",
        )


def _render_rate_and_check(run: Run | None) -> None:
    left, right = st.columns(2, gap="small")
    with left, st.container(gap=None):
        _render_rate(run)
    with right, st.container(gap=None):
        if run and run.has_model:
            _render_check(run)
        else:
            promise = "At the end: a random test image, and what the network reads in it."
            _render_sheet(run, RATE_HEIGHT, "test image", promise)


def _render_rate(run: Run | None) -> None:
    rows = charts.learning_rate_rows(run.points) if run else []
    if run is None or not rows:
        _render_sheet(run, RATE_HEIGHT, "learning rate", "Learning rate: how far each step goes.")
        return
    spec = charts.learning_rate_curve(_epochs_shown(run), run.recipe.optimizer.learning_rate)
    st.vega_lite_chart(rows, spec, key=f"rate_{run.id}", height=RATE_HEIGHT, alt="Learning-rate curve")
    when = "at the end" if run.state.is_over else "now"
    caption(f"Learning rate: {setting_text(float(rows[-1]['learning_rate']), 2)} {when}.")


def _render_fine_tuning(run: Run) -> None:
    """Draw the drawings of a fine-tuning, each with what the model read in it before and reads in it now."""
    fine_tuning = _fine_tuning(run.id)
    if fine_tuning is None:
        return
    labels, before = fine_tuning.drawings.labels.tolist(), _read_before(run.id)
    after = _read_after(run.id) if run.has_model else [None] * len(labels)
    rows = list(zip(labels, before, after, strict=True))
    words = [f"{was} \N{RIGHTWARDS ARROW} {'?' if now is None else now}" for _, was, now in rows]
    alt = [
        f"{a_digit(label).capitalize()}, before read as {was}, "
        + ("not read again yet" if now is None else f"now as {now}")
        for label, was, now in rows
    ]
    marks = [None if now is None else now == label for label, _, now in rows]
    with st.container(gap="xxsmall", key="fine_tuning"):
        with st.container(height=DRAWINGS_HEIGHT if len(labels) > DRAWINGS_SHOWN else "content", border=False):
            thumbnails.render(
                "fine_tuning_thumbnails", "Drawings that it is taught", fine_tuning.drawings.images, words, alt, marks
            )
        caption("The drawings that it is taught: read before \N{RIGHTWARDS ARROW} read now.")


def _fine_tuning_text(run: Run, fine_tuning: FineTuning, taught: Scores) -> str:
    labels = fine_tuning.drawings.labels.tolist()
    return fine_tuning_sentence(labels, _read_before(run.id), _read_after(run.id), fine_tuning.start.scores, taught)


# Neither a run's drawings nor the model that it has left ever change.
@st.cache_resource(max_entries=8, show_spinner=False)
def _fine_tuning(run_id: str) -> FineTuning | None:
    return run_store().fine_tuning(run_id)


@st.cache_data(max_entries=100, show_spinner=False)
def _read_before(run_id: str) -> list[int]:
    fine_tuning = _fine_tuning(run_id)
    return readings(fine_tuning.start, fine_tuning.drawings.images) if fine_tuning else []


@st.cache_data(max_entries=100, show_spinner=False)
def _read_after(run_id: str) -> list[int]:
    fine_tuning = _fine_tuning(run_id)
    return readings(model_choice.run_model(run_id), fine_tuning.drawings.images) if fine_tuning else []


def _render_sheet(run: Run | None, height: int, name: str, promise: str) -> None:
    """Draw what holds a chart's place before it has a point, and what the chart will show."""
    if run and run.state.is_active:
        st.skeleton(height)
    else:
        key = f"sheet_{name.replace(' ', '_')}"
        with st.container(
            height=height, border=True, key=key, horizontal_alignment="center", vertical_alignment="center"
        ):
            caption(name, width="content")
    caption(promise)


def _epochs_shown(run: Run) -> int:
    """Where the time axis ends: fixed while the run goes on; a run that ended early is then shown as long as it was."""
    return max(len(run.history), 1) if run.state == RunState.FINISHED else run.recipe.epochs
