"""What can be done with a run: everyone who has its link may download its files; the rest is for its owner.

In the session: `started_run`, the id of a run that a button has just queued, until Train shows it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Literal
from zlib import crc32

import streamlit as st

from core.errors import InklingError, problem_of
from core.networks.keras_script import file_stem
from core.networks.names import MAX_NAME, with_ending
from core.networks.recipe import BadRecipe, Recipe
from core.networks.recipe_link import to_link
from core.networks.settings import Setting, changeable, choices, label, quantity, with_changed, words
from core.reports.curves import Curve, curves_figure, history_csv
from core.store.run_tables import ListedRun, NoSuchRun, Run
from core.store.runs import run_store
from core.store.scoreboard import scoreboard
from core.store.server_limits import limits
from pages.components.base import errors
from pages.components.base.errors import plain
from pages.components.base.popover import popover
from pages.components.base.typesetting import caption, on_accent
from pages.components.parts import downloads
from pages.components.runs import scoreboard_entry
from pages.components.visitor import model_choice, own_drawings, workspace
from pages.components.visitor.engine import engine

CURVE_FILES: dict[Literal["png", "svg"], str] = {"png": "image/png", "svg": "image/svg+xml"}
CONTINUED = ", continued"  # ends the name of a run that started from another one's weights


class Unchanged(InklingError):
    """A run would be repeated without any change."""


def render(run: Run, name: str) -> None:
    """Render the buttons of a run; its files are named after `name`."""
    if run_id := st.session_state.pop("started_run", None):
        st.switch_page("pages/train.py", query_params={"run": run_id})
    is_mine = workspace.owns(run)
    with st.container(horizontal=True, gap="xsmall", key="run_actions"):
        if run.state.is_active and st.button(on_accent("Watch it train"), key="watch", type="primary"):
            st.switch_page("pages/train.py", query_params={"run": run.id})
        if run.has_model:
            render_uses(run)
        if st.button("Duplicate", key="duplicate", icon=":material/content_copy:", help="Opens Train with its recipe."):
            st.switch_page("pages/train.py", query_params={"recipe": to_link(run.recipe)})
        scoreboard_entry.render(run)
        if is_mine:
            refusal = problem_of(lambda: run_store().check_may_submit(workspace.owner()))
            with popover("Replay", key=f"replay_{run.id}", icon=":material/replay:", gap="xsmall"):  # for low screens
                _render_replay(run, refusal)
            if run.has_model and not run.is_fine_tuning:  # or the drawings it learned would be forgotten
                with popover("Continue", key=f"continue_{run.id}"):
                    _render_continue(run, refusal)
        with popover("Download", key=f"download_{run.id}", icon=":material/download:"):
            _render_downloads(run, name)
        if is_mine:
            _render_rename(run)
            _render_delete(run.id, run.name, run.state.is_active)
    if not is_mine:
        caption("This is somebody else's run. Only its owner can rename, continue or delete it.")


def render_uses(run: Run) -> None:
    """Render the buttons that lead to Draw, where the run's model answers then, and to Model."""
    answers = partial(model_choice.use_run, run.id)
    if st.button(on_accent("Draw with it"), key="draw_with_it", type="primary", on_click=answers):
        st.switch_page("pages/draw.py")
    if st.button("Look inside", key="look_inside"):
        st.switch_page("pages/model.py", query_params={"run": run.id})


def render_unreadable(run: Run | ListedRun) -> None:
    """Render what can be done with a run that is damaged or was made by another version."""
    with st.container(horizontal=True, gap="xsmall", key="run_actions"):
        _render_rename(run)
        _render_delete(run.id, run.name, is_active=False)


def render_delete_all(runs: Sequence[Run], unreadable: Sequence[Run | ListedRun]) -> None:
    """Render the button that deletes all of these runs that are the visitor's; nothing for fewer than two."""
    mine = [run.id for run in runs if workspace.owns(run)] + [run.id for run in unreadable]
    if len(mine) < 2:
        return
    with popover(f"Delete {len(mine)} runs", key="delete_all", icon=":material/delete:"):
        st.markdown(f"Delete these {len(mine)} runs, their models and curves? This cannot be undone.")
        st.button("Delete them", key="delete_them", on_click=_delete, args=(mine,))


def _render_replay(run: Run, refusal: str) -> None:
    """Training again from the same first weights, on the same order of images, shows what one setting does."""
    st.markdown("**The same again, with one setting changed**")
    caption("Seed and first weights stay the same.")
    known = changeable(run.recipe)
    default = list(known).index("optimizer.learning_rate")  # teaches most
    path = st.selectbox("Setting", list(known), default, format_func=label, key=f"replay_setting_{run.id}")
    _render_value(run.recipe, path, known[path], f"replay_{path}_{run.id}")
    try:
        _replayed(run, path)
        caption(f"Instead of {plain(quantity(known[path], path))}.")
    except Unchanged as problem:
        caption(plain(str(problem)))
    except BadRecipe as problem:
        st.error(plain(str(problem)), icon=":material/error:")
    _render_start("Replay", f"replay_now_{run.id}", refusal, partial(_replay, run, path))


@errors.in_callback()
def _replay(run: Run, path: str) -> None:
    store, recipe = run_store(), _replayed(run, path)
    _submit(recipe, recipe.name, fine_tuning=store.fine_tuning(run.id), start=store.start(run.id), replays=run.id)


def _replayed(run: Run, path: str) -> Recipe:
    """The run's recipe with one setting as its control has it now; text that was just typed arrives with the click.

    Raises:
        Unchanged: the setting has the value it had.
        BadRecipe: the recipe does not allow the value.
    """
    before, now = changeable(run.recipe)[path], st.session_state[f"replay_{path}_{run.id}"]
    if isinstance(before, float) and isinstance(now, float):
        now = round(now, 10)  # the control's steps add up to 0.30000000000000004
    if now == before:
        raise Unchanged(f"It is {quantity(before, path)} now. Choose another value.")
    return with_changed(run.recipe, path, now)


def _render_continue(run: Run, refusal: str) -> None:
    st.markdown("**Train it further**")
    caption(
        "A new run starts from this one's weights and follows the same recipe. Optimiser and learning-rate schedule "
        "start over; this run stays as it is."
    )
    most = limits().epochs
    st.number_input("More epochs", 1, most, min(run.recipe.epochs, most), key=f"more_epochs_{run.id}")
    _render_start("Continue", f"continue_now_{run.id}", refusal, partial(_continue, run))


@errors.in_callback()
def _continue(run: Run) -> None:
    epochs = int(st.session_state[f"more_epochs_{run.id}"])
    # Another seed, or it would see the images in the same order as in the first epochs.
    seed = (run.recipe.seed + 1) % 2**31
    recipe = run.recipe.model_copy(
        update={"epochs": epochs, "seed": seed, "name": with_ending(run.recipe.name, CONTINUED)}
    )
    _submit(recipe, with_ending(run.name, CONTINUED), start=run_store().model(run.id), continues=run.id)


def _render_start(text: str, key: str, refusal: str, start: Callable[[], None]) -> None:
    """Render the button that queues a run, which Train then shows."""
    if refusal:
        caption(plain(refusal))
    label = text if refusal else on_accent(text)
    # A callback cannot switch pages, so `render` does when the page is drawn again.
    st.button(label, key=key, type="primary", disabled=bool(refusal), on_click=start)


def _submit(recipe: Recipe, name: str, **how: Any) -> None:
    drawing = own_drawings.last_drawing()
    run_id = run_store().submit(workspace.owner(), recipe, name, drawing=drawing, **how)
    st.session_state.started_run = run_id
    engine().check_queue()


def _render_value(recipe: Recipe, path: str, value: Setting, key: str) -> None:
    """Render a control for one setting. It has no limits of its own: the recipe checks the value."""
    if options := choices(recipe, path):
        st.selectbox("New value", options, options.index(str(value)), format_func=words, key=key)
    elif isinstance(value, bool):
        st.toggle("New value", value, key=key)
    elif isinstance(value, int):
        st.number_input("New value", value=value, step=1, key=key)
    elif isinstance(value, float):
        step = 10.0 ** -(2 if value == 0 or value >= 0.1 else 3 if value >= 0.01 else 4)
        st.number_input("New value", value=value, step=step, format="%g", key=key)
    else:
        st.text_input("New value", value, key=key)


def _render_rename(run: Run | ListedRun) -> None:
    key = f"rename_{run.id}_{crc32(run.name.encode())}"  # a renamed run gets a new popover, which is closed
    with popover("Rename", key=key, icon=":material/edit:"):
        st.text_input("Name", run.name, MAX_NAME, key=f"name_{run.id}")
        st.button("Rename", key=f"rename_now_{run.id}", on_click=_rename, args=(run.id,))


@errors.in_callback()
def _rename(run_id: str) -> None:
    run_store().rename(run_id, workspace.owner(), st.session_state[f"name_{run_id}"])


def _render_delete(run_id: str, name: str, is_active: bool) -> None:
    with popover("Delete", key=f"delete_{run_id}", icon=":material/delete:"):
        stops = " It is still training and will be stopped." if is_active else ""
        st.markdown(f"Delete {plain(name)}, its model and its curves?{stops} This cannot be undone.")
        st.button("Delete it", key=f"delete_now_{run_id}", on_click=_delete, args=([run_id],))


@errors.in_callback()
def _delete(run_ids: list[str]) -> None:
    for run_id in run_ids:
        scoreboard().leave(run_id, workspace.owner())
        with suppress(NoSuchRun):  # deleted in another tab
            run_store().delete(run_id, workspace.owner())
    for name in ("runs", "run"):
        st.query_params.pop(name, None)


def _render_downloads(run: Run, name: str) -> None:
    stem = file_stem(name)
    curve = Curve(name, run.points, run.history, run.scores.seconds if run.scores else 0.0)
    with st.container(horizontal=True, gap="xsmall"):
        downloads.render("Recipe", run.recipe.to_json, f"{stem}.json", "application/json")
        if run.points or run.history:
            downloads.render("History", partial(history_csv, run.points, run.history), f"{stem}.csv", "text/csv")
            for kind, mime in CURVE_FILES.items():
                figure = partial(curves_figure, [curve], kind)
                downloads.render(f"Curves, {kind.upper()}", figure, f"{stem}-curves.{kind}", mime)
        if run.has_model:
            downloads.render_model(run, stem)
        if not (run.is_fine_tuning or run.continues):  # they started from another model's weights
            downloads.render_script(run.recipe, run.scores.data_source if run.scores else None, name)
    caption("A link that opens Train with this recipe:")
    st.code(workspace.link("train", recipe=to_link(run.recipe)), language=None, wrap_lines=True)
