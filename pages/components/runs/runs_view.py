"""The visitor's runs: a table, what the chosen ones came to, and what sets them apart.

Which are chosen stands in the address, so that a comparison can be sent on: `?runs=` and ids with commas between them.
"""

import string
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.formatting import NONE, duration, loss_text, percent
from core.networks.history import share_done
from core.networks.model import Scores, pretrained
from core.networks.names import shortened, told_apart
from core.networks.recipe import Recipe
from core.networks.settings import differing
from core.reports.comparison import comparison_sentence
from core.reports.curves import MOST, Curve, overlaid_curves, overlaid_rows, overlay_sentence
from core.reports.progress import ENDED_EARLY, action_words, curves_sentence, score_sentence, state_words
from core.store.runs import UNREAD, ListedRun, NoSuchRun, Run, RunState, UnreadRun, run_store
from pages.components.base import errors, theme
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption, on_accent
from pages.components.runs import run_actions, runs_table, settings_table
from pages.components.runs.runs_table import Cell, Line
from pages.components.visitor import workspace

EVERY = 1.0  # seconds between two looks at the table while a run goes on
SHORT = 16  # letters of a name above a chart
CURVE_HEIGHT = 260  # pixels
PRETRAINED = "pretrained"  # the shipped model is no run, but stands beside them
_AXES = {"epoch": "By epoch", "seconds": "By time"}


@dataclass(frozen=True)
class Chosen:
    """One that is looked at: a run, or the shipped model, which has none."""

    name: str
    recipe: Recipe
    scores: Scores | None
    run: Run | None


def render() -> None:
    """Draw everything."""
    listed = run_store().listed(workspace.owner())
    newest = listed[0].id if listed else ""
    # One run is named as on the other pages: an address is often changed by hand, from /train?run= to /runs?run=.
    ids = st.query_params.get("runs", st.query_params.get("run", newest)).split(",")
    runs = [*_watched(ids), *listed]
    if any(run_id not in ("", PRETRAINED, *_ids(runs)) for run_id in ids):
        caption("A run of this link is gone, or the link is incomplete.")
    if not runs and PRETRAINED not in ids:
        _render_empty()
        return
    is_active = any(run.state.is_active for run in listed)
    st.fragment(_table, run_every=EVERY if is_active else None)(ids, {run.id: run.state for run in listed})
    caption("Choose a name to open that run; ticks put several side by side.")
    names = _names(runs)
    chosen: list[Chosen] = []
    unread: list[Run | ListedRun] = []
    for one in runs:
        if one.id in ids:
            try:
                run = run_store().run(one.id)
                chosen.append(Chosen(names[one.id], run.recipe, run.scores, run))
            except NoSuchRun:
                unread.append(one)
    if PRETRAINED in ids:
        chosen.append(Chosen("Pretrained", pretrained().recipe, pretrained().scores, None))
    if len(chosen) + len(unread) > 1:
        _render_comparison(chosen)
        run_actions.render_delete_all([one.run for one in chosen if one.run], unread)
    elif chosen:
        _render_one(chosen[0])
    elif unread:
        _render_unread(unread[0])


def _render_empty() -> None:
    with st.container(border=True, key="no_runs", gap="small"):
        st.header("No runs yet", anchor=False)
        st.markdown("Every network that you train is kept here, with its curves, its recipe and its files.")
        if st.button(on_accent("Train a network"), key="train_one", type="primary"):
            st.switch_page("pages/train.py")


def _watched(ids: Sequence[str]) -> list[Run | ListedRun]:
    """Runs of others that the address names; they can be looked at and compared."""
    found: list[Run | ListedRun] = []
    for run_id in ids[: 2 * MOST]:
        with suppress(NoSuchRun):
            run = run_store().run(run_id)
            if not workspace.owns(run):
                found.append(run)
    return found


def _ids(runs: Sequence[Run | ListedRun]) -> list[str]:
    return [run.id for run in runs]


def _names(runs: Sequence[Run | ListedRun]) -> dict[str, str]:
    """By id, what each run is called, numbered where two would be the same; the oldest keeps its name."""
    return told_apart({run.id: run.name for run in sorted(runs, key=lambda run: run.created)})


# The table


@errors.on_page()
def _table(ids: list[str], states: dict[str, RunState]) -> None:
    """The table alone looks again by itself; what lies below it stays as it is until a run's state changes."""
    listed = run_store().listed(workspace.owner())
    if {run.id: run.state for run in listed} != states:
        st.rerun()
    runs = [*_watched(ids), *listed]
    names = _names(runs)
    active = run_store().active_run(workspace.owner()) if any(run.state.is_active for run in listed) else None
    runs = [active if active and active.id == run.id else run for run in runs]
    lines = [*(_line(run, names[run.id]) for run in runs), _pretrained_line()]
    chosen = runs_table.render(lines, [line.id for line in lines if line.id in ids])
    if chosen is not None:
        st.query_params.pop("run", None)
        st.query_params["runs"] = ",".join(chosen)
        st.rerun()


def _line(run: Run | ListedRun, name: str) -> Line:
    scores, recipe = run.scores, run.recipe
    parameters = recipe.network.parameters if recipe else None
    return Line(
        id=run.id,
        name=name,
        recipe="lesson" if run.is_fine_tuning else recipe.name if recipe else NONE,
        test=_rate(scores.test_accuracy if scores else None),
        drawn=_rate(scores.drawn_accuracy if scores else None),
        parameters=Cell(NONE) if parameters is None else Cell(f"{parameters:,}", parameters),
        time=Cell(duration(scores.seconds), scores.seconds) if scores else Cell(NONE),
        state=_state(run),
        created=run.created,
    )


def _pretrained_line() -> Line:
    model = pretrained()
    return Line(
        id=PRETRAINED,
        name="Pretrained",
        recipe=model.recipe.name,
        test=_rate(model.scores.test_accuracy),
        drawn=_rate(model.scores.drawn_accuracy),
        parameters=Cell(f"{model.parameters:,}", model.parameters),
        time=Cell(duration(model.scores.seconds), model.scores.seconds),
        state="Built in",
        created=0,
    )


def _rate(rate: float | None) -> Cell:
    return Cell(NONE) if rate is None else Cell(percent(rate), rate)


def _state(run: Run | ListedRun) -> str:
    if run.recipe is None:
        return UNREAD.capitalize()
    if isinstance(run, Run) and run.requested_action and run.state == RunState.RUNNING:
        return action_words(run.requested_action, has_begun=True)[0].capitalize()
    if run.live and run.state == RunState.RUNNING:
        return f"{percent(share_done(run.live, run.recipe.epochs), 0)} done"
    return run.state.capitalize()


# One run


def _render_one(one: Chosen) -> None:
    run = one.run
    with st.container(key="one_run", gap="small"):
        st.header(plain(one.name), anchor=False)
        if run:
            run_actions.render(run, one.name)
        elif st.button("Look inside", key="look_inside"):
            st.switch_page("pages/model.py")
        st.markdown(plain(_said(one)))
        if run and run.notice:
            (st.error if run.state == RunState.FAILED else st.warning)(plain(run.notice), icon=":material/info:")
        if run is None:
            caption("It came with Inkling and brings no curves.")
        elif run.points or run.history:
            _render_curves([one])
            early = ENDED_EARLY if run.state.is_over else "The first epoch is not over yet."
            caption(plain(curves_sentence(run.history)) or early)
        else:
            caption(
                "It has no curves: it was over before its first batches."
                if not run.state.is_active
                else "No curve yet."
            )


def _said(one: Chosen) -> str:
    if one.scores:
        return score_sentence(one.scores)
    is_active = one.run is not None and one.run.state.is_active
    return f"{_reached(one)}; there is no model of it {'yet' if is_active else 'to score'}."


def _reached(one: Chosen) -> str:
    run = one.run
    return state_words(run.state, run.points, run.history, run.recipe.epochs) if run else "Built in"


def _render_unread(run: Run | ListedRun) -> None:
    with st.container(key="one_run", gap="small"):
        st.header(plain(run.name), anchor=False)
        st.warning(plain(str(UnreadRun())), icon=":material/info:")
        run_actions.render_for_unread(run)


# Several


def _render_comparison(chosen: list[Chosen]) -> None:
    with st.container(key="comparison", gap="small"):
        st.header("Side by side", anchor=False)
        if said := comparison_sentence([(one.name, one.scores) for one in chosen if one.scores]):
            st.markdown(plain(said))
        if any(one.run and (one.run.points or one.run.history) for one in chosen):
            _render_curves(chosen)
        _render_differences(chosen)


def _render_curves(chosen: list[Chosen]) -> None:
    """Accuracy and loss, over epochs or, where runs differ in length, over time."""
    names = _lettered([shortened(one.name, SHORT) for one in chosen]) if len(chosen) > 1 else [chosen[0].name]
    known = [
        (name, one.run)
        for name, one in zip(names, chosen, strict=True)
        if one.run and (one.run.points or one.run.history)
    ]
    curves = [
        Curve(name, run.points, run.history, run.scores.seconds if run.scores else 0.0) for name, run in known[:MOST]
    ]
    axis = "epoch"
    if len(curves) > 1:
        axis = st.segmented_control(
            "Along the bottom", list(_AXES), default="epoch", format_func=_AXES.__getitem__, key="curve_axis",
            label_visibility="collapsed", required=True,
        )  # fmt: skip
    rows = overlaid_rows(curves)
    left, right = st.columns(2, gap="small")
    for column, value in ((left, "accuracy"), (right, "loss")):
        with column:
            spec = overlaid_curves(
                curves,
                "accuracy" if value == "accuracy" else "loss",
                "seconds" if axis == "seconds" else "epoch",
                theme.RUNS[theme.name()],
            )
            alt = f"{value.capitalize()} curves of {', '.join(curve.name for curve in curves)}"
            # A key of its own for every choice: another spec is another chart.
            st.vega_lite_chart(rows, spec, key=f"{value}_curves", height=CURVE_HEIGHT, alt=alt)
    more = f" Only the first {MOST} are drawn." if len(known) > MOST else ""
    symbols = " Each has its colour and its symbol." if len(curves) > 1 else ""
    caption(f"{plain(overlay_sentence(curves))} Training is solid, validation dashed.{symbols}{more}")


def _lettered(names: Sequence[str]) -> list[str]:
    """A letter before each name tells apart those that begin alike."""
    return [f"{string.ascii_uppercase[place % 26]} {name}" for place, name in enumerate(names)]


def _render_differences(chosen: list[Chosen]) -> None:
    """A table of what they came to and of the settings in which they differ."""
    if len(chosen) < 2:
        return
    reached = [_reached(one) for one in chosen]
    has_unfinished = any(one.run and one.run.state != RunState.FINISHED for one in chosen)
    rows = [
        *([("How far", reached)] if has_unfinished else []),
        ("Test accuracy", [percent(one.scores.test_accuracy) if one.scores else NONE for one in chosen]),
        ("Drawn digits", [_rate(one.scores.drawn_accuracy if one.scores else None).text for one in chosen]),
        ("Test loss", [loss_text(one.scores.test_loss) if one.scores else NONE for one in chosen]),
        ("Training time", [duration(one.scores.seconds) if one.scores else NONE for one in chosen]),
    ]
    recipes = [one.recipe for one in chosen]
    settings = differing(recipes)
    name = "What they came to, and the settings in which they differ"
    st.markdown(f"**{name}**")
    settings_table.render(name, _lettered([one.name for one in chosen]), rows + settings)
    if settings:
        count = "1 setting differs" if len(settings) == 1 else f"{len(settings)} settings differ"
        caption(f"{count}; all others are the same.")
    else:
        caption("They have the same recipe. What differs is the machine's time, or the weights that they began with.")
    if any(recipe.label_smoothing or recipe.l1 or recipe.l2 for recipe in recipes):
        caption("The test loss leaves out label smoothing and penalties, which raise the loss of the curves.")
