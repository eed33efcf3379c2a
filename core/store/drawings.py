"""A visitor's own drawings: those that a network misread, each with its true digit, kept by workspace."""

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
from core.store.database import Base, Sealed, database, database_url

MAX_DRAWINGS = 200  # of a workspace


class DrawingsFull(InklingError):
    """A workspace has no room for another drawing."""

    def __init__(self) -> None:
        super().__init__(f"You have kept {MAX_DRAWINGS} drawings, and there is no room for more: remove some first.")


class _Row(Base):
    __tablename__ = "drawing"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)  # a hash of the image, so that none is kept twice
    image: Mapped[bytes] = mapped_column(Sealed(is_optional=True))
    label: Mapped[int]
    kept: Mapped[float]  # seconds since 1970


@dataclass(frozen=True)
class OwnDrawing:
    """A drawing with its true digit.

    Attributes:
        key: of the drawing, by which its owner removes it.
        image: (28, 28) uint8, framed as the network saw it.
        label: 0 to 9.
    """

    key: str
    image: np.ndarray
    label: int


class DrawingStore:
    """Reads and writes drawings, those of one workspace at a time: nobody reaches another's."""

    def __init__(self, url: str) -> None:
        self._database = database(url)

    def keep(self, owner: str, image: np.ndarray, label: int) -> None:
        """Keep a drawing, (28, 28) uint8, with its true digit; one that is kept already gets the new digit.

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
                if row.image  # None where it is damaged
            ]

    def remove(self, owner: str, key: str) -> None:
        """Delete one of a workspace's drawings, if it has it."""
        with self._database.writing() as session:
            session.execute(delete(_Row).where(_Row.owner == owner, _Row.key == key))

    def cull(self, days: float) -> None:
        """Delete everybody's drawings that are older than this many days."""
        with self._database.writing() as session:
            session.execute(delete(_Row).where(_Row.kept < time.time() - 86_400 * days))

    def remove_all(self, owner: str) -> None:
        """Delete all drawings of a workspace."""
        with self._database.writing() as session:
            session.execute(delete(_Row).where(_Row.owner == owner))


@cache
def drawing_store() -> DrawingStore:
    """The store of this process, in the database of the runs."""
    return DrawingStore(database_url())


def key_of(image: np.ndarray) -> str:
    """The key of an image, (28, 28) uint8: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(image.tobytes()).hexdigest()[:32]


def as_digits(drawings: list[OwnDrawing]) -> Digits:
    """Drawings, at least one, as images with labels to learn from."""
    images, labels = np.stack([drawing.image for drawing in drawings]), [drawing.label for drawing in drawings]
    return Digits(images, np.array(labels, np.uint8))


def as_archive(drawings: list[OwnDrawing]) -> bytes:
    """Drawings, at least one, as an .npz file: `images` (n, 28, 28) uint8, 255 is ink, and `labels` (n,) uint8."""
    digits = as_digits(drawings)
    content = io.BytesIO()
    np.savez_compressed(content, images=digits.images, labels=digits.labels)
    return content.getvalue()
