"""A drawing that is being learned, with ten bars of probabilities that move from report to report."""

from collections.abc import Sequence

import numpy as np

from core.reports.charts import digits_mask
from core.reports.images import data_url
from pages.components.base.component import register

_watched = register(__file__)


def render(image: np.ndarray | None, probabilities: Sequence[float], sentence: str) -> None:
    """Draw the image and the bars; they take the same space without a drawing as with one.

    Args:
        image: (28, 28) uint8, or None where there is no drawing.
        probabilities: ten, or none where there is no answer yet.
        sentence: what the bars say, in words.
    """
    data = {
        "image": "" if image is None else data_url(digits_mask(image[np.newaxis])),
        "probabilities": [float(probability) for probability in probabilities],
        "sentence": sentence,
    }
    _watched(key="watched_digit", data=data)
