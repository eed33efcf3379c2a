"""A visitor's own drawings: those that a network read wrongly, each with its right digit, kept by workspace."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass
from functools import cache

import numpy as np
from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from core.digits.dataset import Digits
from core.errors import InklingError
from core.store.database import Base, Database, Sealed, database_url

MAX_DRAWINGS = 200  # of a workspace


class DrawingsFull(InklingError):
    """A workspace keeps as many drawings as it may."""

    def __init__(self) -> None:
        super().__init__(f"You have kept {MAX_DRAWINGS} drawings, and there is no room for more: remove some first.")


class _Row(Base):
    __tablename__ = "drawing"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)  # made of the image: none is kept twice
    image: Mapped[bytes] = mapped_column(Sealed(can_be_done_without=True))
    label: Mapped[int]
    kept: Mapped[float]  # seconds since 1970


@dataclass(frozen=True)
class OwnDrawing:
    """A drawing with its right digit.

    Attributes:
        key: by which its owner removes it.
        image: (28, 28) uint8, framed as the network saw it.
        label: 0 to 9.
    """

    key: str
    image: np.ndarray
    label: int


class DrawingStore:
    """Reads and writes drawings. Everything is asked for by workspace: nobody reaches another's."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def keep(self, owner: str, image: np.ndarray, label: int) -> None:
        """Keep a drawing, (28, 28) uint8, with its right digit; one that is kept already gets the new digit.

        Raises:
            DrawingsFull: there is no room for another.
        """
        with self._database.writing() as session:
            if row := session.get(_Row, (owner, key_of(image))):
                row.label = label
                return
            if (session.scalar(select(func.count()).where(_Row.owner == owner)) or 0) >= MAX_DRAWINGS:
                raise DrawingsFull
            session.add(_Row(owner=owner, key=key_of(image), image=image.tobytes(), label=label, kept=time.time()))

    def drawings(self, owner: str) -> list[OwnDrawing]:
        """A workspace's drawings, the oldest first, without those that are damaged."""
        with self._database.reading() as session:
            rows = session.scalars(select(_Row).where(_Row.owner == owner).order_by(_Row.kept, _Row.key))
            return [
                OwnDrawing(row.key, np.frombuffer(row.image, np.uint8).reshape(28, 28), row.label)
                for row in rows
                if row.image  # None where it is damaged: the others are none the worse
            ]

    def remove(self, owner: str, key: str) -> None:
        """Forget one of a workspace's drawings; nothing happens where it has no such one."""
        with self._database.writing() as session:
            session.execute(delete(_Row).where(_Row.owner == owner, _Row.key == key))

    def remove_all(self, owner: str) -> None:
        """Forget all drawings of a workspace."""
        with self._database.writing() as session:
            session.execute(delete(_Row).where(_Row.owner == owner))


@cache
def drawing_store() -> DrawingStore:
    """The store of this process, in the database of the runs."""
    return DrawingStore(database_url())


def key_of(image: np.ndarray) -> str:
    """The key under which an image, (28, 28) uint8, is kept."""
    return hashlib.sha256(image.tobytes()).hexdigest()[:32]


def as_digits(drawings: list[OwnDrawing]) -> Digits:
    """Drawings, at least one, as images with labels, to learn from."""
    images, labels = np.stack([drawing.image for drawing in drawings]), [drawing.label for drawing in drawings]
    return Digits(images, np.array(labels, np.uint8))


def as_archive(drawings: list[OwnDrawing]) -> bytes:
    """Drawings, at least one, as an .npz file: `images` (n, 28, 28) uint8, 255 is ink, and `labels` (n,) uint8."""
    digits = as_digits(drawings)
    content = io.BytesIO()
    np.savez_compressed(content, images=digits.images, labels=digits.labels)
    return content.getvalue()
