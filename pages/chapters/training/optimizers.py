"""Optimisers: three ways down the same valley."""

import streamlit as st

from core.lessons import lesson_charts
from pages.components.base.typesetting import caption
from pages.components.learn import chapter

TITLE = "Optimisers"
SUMMARY = "SGD, momentum and Adam walk down the same valley."
SPEC = lesson_charts.valley_walks()


def render() -> None:
    """Draw the paths of three optimisers down a valley."""
    st.markdown(
        "The loss depends on every weight. With two weights it can be drawn as a landscape, seen here from above: "
        "each line joins points of equal height, and the lowest point is in the middle. An **optimiser** decides "
        "where to step next. All it knows is the slope under its feet, the **gradient**. The **learning rate** says "
        "how far it goes."
    )
    with st.container(horizontal=True, gap="medium"):
        rate = st.slider("Learning rate", 0.01, 0.25, 0.05, 0.01, key="optimizers_rate", width=300)
        momentum = st.slider("Momentum", 0.0, 0.95, 0.8, 0.05, key="optimizers_momentum", width=300)
    paths = lesson_charts.walks(rate, momentum)
    rows, description = lesson_charts.walk_rows(paths), "Three paths down a valley, seen from above"
    st.vega_lite_chart(rows, SPEC, key="optimizers_valley", height=320, alt=description)
    caption(f"{lesson_charts.walk_sentence(paths)} Every fifth step is marked.")
    st.markdown(
        "- **SGD** steps straight down the slope: weight \N{MINUS SIGN} rate \N{MULTIPLICATION SIGN} gradient. In a "
        "long valley with steep sides it zigzags across while it creeps along. Here the sides are ten times as steep "
        "as the bed, and from a rate of 0.2 on it is thrown out.\n"
        "- **Momentum** keeps a share of its last step, like a heavy ball. Across the valley the pushes cancel, along "
        "it they add up. With too much momentum the ball rolls past the lowest point and has to come back.\n"
        "- **Adam** keeps two running means for each weight: of the gradient, and of its square. It divides the first "
        "by the root of the second, so each weight moves at about the learning rate, however steep its slope is. Its "
        "first step is exactly the learning rate, along each axis. That makes Adam easy to use: 0.001 is a fair rate "
        "for many networks."
    )
    st.markdown(
        "Script A uses Adam with its default settings, Script B uses SGD with rate 0.01 and momentum 0.9. A real "
        "network has not two but tens of thousands of weights, and the valley looks different for each batch. The "
        "rules are the same."
    )
    chapter.render_link("epochs", "Why each batch sees another valley")
