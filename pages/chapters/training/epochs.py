"""Epochs and batches: how often a network takes a step, and how reliable the direction of each step is."""

import streamlit as st

from core.lessons import lesson_charts
from core.lessons.descent import BatchGradients, batch_gradients, steps_per_epoch
from pages.components.base.typesetting import caption

TITLE = "Epochs and batches"
SUMMARY = "How many steps an epoch has, and why a small batch stumbles."
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
IMAGES = {"60,000: all": 60_000, "55,000: some held out": 55_000, "10,000: quick": 10_000}
SPEC = lesson_charts.gradient_cloud()


def render() -> None:
    """Draw how many steps a training has, and how the gradients of batches scatter."""
    st.markdown(
        "A network does not look at all training images before it takes a step; that would be thorough, and far too "
        "slow. It looks at a **batch** of them, takes the mean of their slopes, makes a step, and takes the next "
        "batch. When every image has had its turn once, an **epoch** is over. Then the images are shuffled, and the "
        "next epoch begins."
    )
    with st.container(horizontal=True, gap="medium"):
        batch_size = st.select_slider("Batch size", BATCH_SIZES, 32, key="epochs_batch", width=300)
        epochs = st.slider("Epochs", 1, 20, 5, key="epochs_epochs", width=300)
    images = IMAGES[
        st.segmented_control("Training images", IMAGES, default="60,000: all", required=True, key="epochs_images")
    ]
    steps = steps_per_epoch(images, batch_size)
    last = images - (steps - 1) * batch_size
    rest = "" if last == batch_size else f" The last batch of an epoch has only {last}."
    st.markdown(
        f"{images:,} / {batch_size:,}, rounded up: **{steps:,}** steps per epoch, **{steps * epochs:,}** in "
        f"{epochs}.{rest}"
    )
    st.header("Noise", anchor=False)
    st.markdown(
        "The slope of a batch is an estimate of the slope of all images. Below is a network of two weights that is to "
        "tell ones from zeros by the ink in the middle and in a ring around it. Each dot is the slope that one batch "
        "sees before the first step; the cross is the slope of all images."
    )
    gradients = _gradients(batch_size)
    rows = lesson_charts.gradient_rows(gradients)
    description = "Slopes of sixty batches around the slope of all images"
    st.vega_lite_chart(rows, SPEC, key="epochs_cloud", height=300, alt=description)
    length = float((gradients.full**2).sum() ** 0.5)
    caption(
        f"Batches of {batch_size:,}: on average the dots are {gradients.spread:.3f} away from the cross, which itself "
        f"is {length:.3f} away from a slope of zero. A batch four times as large halves the distance of the dots."
    )
    st.markdown(
        "So **larger batches** step more reliably, and computers handle them faster per image; but there are fewer "
        "steps in an epoch, and four times the work only halves the noise. **Smaller batches** stumble downhill. Some "
        "noise is welcome: it shakes the network out of narrow hollows that fit the training images alone. Sizes of "
        "32 to 128 are usual. With a larger batch, the learning rate can be larger too."
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _gradients(batch_size: int) -> BatchGradients:
    return batch_gradients(batch_size)
