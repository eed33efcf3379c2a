"""Epochs and batches: how often a network steps, and how sure of its direction each step is."""

import streamlit as st

from core.lessons import lesson_charts
from core.lessons.descent import Steps, batch_gradients, steps_per_epoch
from pages.components.base.typesetting import caption

TITLE = "Epochs and batches"
SUMMARY = "How many steps an epoch has, and why a small batch stumbles."
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
IMAGES = {"60,000: all": 60_000, "55,000: some held out": 55_000, "10,000: quick": 10_000}
SPEC = lesson_charts.gradient_cloud()


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "A network does not look at all training images before it takes a step; that would be thorough, and far too "
        "slow. It looks at a **batch** of them, takes the mean of their slopes, steps, and takes the next batch. When "
        "every image has had its turn once, an **epoch** is over. Then they are shuffled, and the next epoch begins."
    )
    with st.container(horizontal=True, gap="medium"):
        batch_size = st.select_slider("Batch size", BATCH_SIZES, 32, key="epochs_batch", width=300)
        epochs = st.slider("Epochs", 1, 20, 5, key="epochs_epochs", width=300)
    chosen = st.segmented_control("Training images", IMAGES, default="60,000: all", key="epochs_images")
    images = IMAGES[chosen or "60,000: all"]
    steps = steps_per_epoch(images, batch_size)
    last = images - (steps - 1) * batch_size
    rest = "" if last == batch_size else f" The last batch of an epoch has only {last}."
    st.markdown(
        f"{images:,} / {batch_size:,}, rounded up: **{steps:,}** steps an epoch, **{steps * epochs:,}** in "
        f"{epochs}.{rest}"
    )
    st.header("Noise", anchor=False)
    st.markdown(
        "The slope of a batch is a guess at the slope of all images. Below is a network of two weights that is to "
        "tell ones from zeros by the ink in the middle and in a ring around it. Each dot is the slope that one batch "
        "sees before the first step; the cross is that of all images."
    )
    result = _gradients(batch_size)
    rows = lesson_charts.gradient_rows(result)
    st.vega_lite_chart(
        rows, SPEC, key="epochs_cloud", height=300, alt="Slopes of sixty batches around that of all images"
    )
    length = float((result.full**2).sum() ** 0.5)
    caption(
        f"Batches of {batch_size:,}: the dots are {result.spread:.3f} from the cross on average, which is itself "
        f"{length:.3f} from the point without slope. A batch four times as large halves that distance."
    )
    st.markdown(
        "So **larger batches** step more surely, and computers handle them faster per image; but there are fewer "
        "steps in an epoch, and each four times the work buys only half the noise. **Smaller batches** stumble "
        "downhill. Some of that is welcome: noise shakes the network out of narrow hollows that fit the training "
        "images alone. Sizes of 32 to 128 are usual. Who makes the batch larger may make the learning rate larger too."
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _gradients(batch_size: int) -> Steps:
    return batch_gradients(batch_size)
