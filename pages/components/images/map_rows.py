"""Maps in rows: what layers put out, filters, heat maps; each with words below it and a name for who cannot see it."""

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
        words: under each picture.
        said: each picture in full words.
        under: a smaller picture below each, such as the filter that made a map.
    """

    title: str
    detail: str
    sentence: str
    pictures: Pictures | None = None
    words: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    under: Pictures | None = None


def render(key: str, rows: list[Row]) -> None:
    """Draw the rows."""
    _rows(key=key, data={"rows": [asdict(row) for row in rows]})
