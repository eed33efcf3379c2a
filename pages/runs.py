"""Runs: everything that was trained here, side by side; and what can be done with it."""

import streamlit as st

from pages.components.base.typesetting import caption, on_accent
from pages.components.frame import router
from pages.components.runs import one_run, run_actions, runs_table, selected_runs, side_by_side

router.guard()

with st.container(horizontal_alignment="center"), st.container(width=1120, gap="small"):
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.title("Runs", anchor=False, width="content")
        st.page_link("pages/scoreboard.py", label="Scoreboard", icon=":material/leaderboard:", width="content")
    mine = selected_runs.mine()
    ids = selected_runs.ids(newest=mine[0].id if mine else "")
    runs = selected_runs.all_among(ids, mine)
    if any(run_id not in ("", selected_runs.PRETRAINED, *(run.id for run in runs)) for run_id in ids):
        caption("A run in this link is gone, or the link is incomplete.")
    if runs or selected_runs.PRETRAINED in ids:
        runs_table.render(ids)
        selected_runs.render_more(len(mine))
        caption("Click a name to open that run; tick several to compare them.")
        selected, unreadable = selected_runs.read(runs, ids)
        if len(selected) + len(unreadable) > 1:
            side_by_side.render(selected)
            run_actions.render_delete_all([one.run for one in selected if one.run], unreadable)
        elif selected:
            one_run.render(selected[0])
        elif unreadable:
            one_run.render_unreadable(unreadable[0])
    else:
        with st.container(border=True, key="no_runs", gap="small"):
            st.header("No runs yet", anchor=False)
            st.markdown("Every network that you train is kept here, with its curves, its recipe and its files.")
            if st.button(on_accent("Train a network"), key="train_one", type="primary"):
                st.switch_page("pages/train.py")
    st.page_link("pages/privacy.py", label=":small[What is kept about you, and how to delete it]")
