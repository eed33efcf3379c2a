"""Train: choose a recipe, press Train, watch it learn."""

import streamlit as st

from core.errors import problem_of
from core.networks.recipe import BadRecipe
from core.store.run_tables import NoSuchRun
from core.store.runs import run_store
from pages.components.base import errors
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption, on_accent
from pages.components.frame import router
from pages.components.train import recipe_form, train_bar, training_view
from pages.components.visitor import own_drawings, workspace
from pages.components.visitor.engine import engine

router.guard()


@errors.in_callback()
def start() -> None:
    """Queue a run of what the controls hold now, or find the one that is active already, and follow it."""
    recipe = recipe_form.recipe()
    workspace.follow(run_store().submit(workspace.owner(), recipe, drawing=own_drawings.last_drawing()))
    engine().check_queue()


engine().warm_up()
run, recipe, no_run, bad_link, bad_recipe, refusal = None, None, "", "", "", ""
try:
    run = workspace.current_run()
except NoSuchRun as problem:
    no_run = str(problem)
try:
    recipe_form.fill_from_link()
except BadRecipe as problem:
    bad_link = str(problem)
if run and run.state.is_active and not run.is_fine_tuning and workspace.owns(run):
    recipe_form.fill_from_run(run.recipe)
try:
    recipe = recipe_form.recipe()
except BadRecipe as problem:
    bad_recipe = str(problem)
is_active = recipe is not None and run_store().is_requested(workspace.owner(), recipe)
if recipe and not is_active:
    refusal = problem_of(lambda: run_store().check_may_submit(workspace.owner()))
with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.title("Train a network", anchor=False, width="content")
        links = st.container(width="content")
    if bad_link:
        st.error(plain(bad_link), icon=":material/error:")
    if no_run:
        st.error(plain(no_run), icon=":material/error:")
        st.button("Train a network of your own", key="way_home", on_click=st.query_params.clear)
    with st.container(key="recipe_and_run"):
        left, right = st.columns([5, 9], gap="large")
    with left:
        recipe_form.render_presets(recipe)
        with train_bar.bar():
            with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
                recipe_form.render_bar()
                can_start = recipe is not None and not is_active and not refusal
                st.button(
                    on_accent("Train") if can_start else "Train",
                    key="train",
                    type="primary",
                    disabled=not can_start,
                    on_click=start,
                    width="stretch",
                )
            if bad_recipe:  # beside the button that it disables, wherever the page is scrolled to
                st.error(plain(bad_recipe), icon=":material/error:")
            if refusal:
                caption(plain(refusal))
        recipe_form.render_groups(recipe)
    with right:
        if run:
            training_view.render(run)
        else:
            training_view.render_empty()
    with links:
        workspace.render_links(run)
