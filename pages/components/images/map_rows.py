"""Rows of maps, such as feature maps, filters or heat maps, each with words below it and a name for screen readers.

A component of our own: one image holds all maps of a row, and each has its own name for screen readers.
"""

from dataclasses import asdict, dataclass

from pages.components.base.component import register

_rows = register(__file__, html="<div class='rows'></div>")


@dataclass(frozen=True)
class Pictures:
    """Pictures of one size, side by side in one image.

    Attributes:
        image: address of the image.
        side: width and height of each on the page, in pixels.
    """

    image: str
    side: int


@dataclass(frozen=True)
class Row:
    """A row of pictures under a heading.

    Attributes:
        title: the heading, set as code; none where it is "".
        detail: beside the heading.
        sentence: what there is to see.
        pictures: None where there are none.
        words: below each picture.
        alt: each picture in full words, for screen readers.
        under: a smaller picture below each, such as the filter that made a map.
    """

    title: str
    detail: str
    sentence: str
    pictures: Pictures | None = None
    words: tuple[str, ...] = ()
    alt: tuple[str, ...] = ()
    under: Pictures | None = None


def render(key: str, rows: list[Row]) -> None:
    """Draw the rows, one below the other."""
    _rows(key=key, data={"rows": [asdict(row) for row in rows]})
