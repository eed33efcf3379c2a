"""What a run has left or starts from, read from the database: models, images, snapshots."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select

from core.digits.dataset import Digits
from core.files import Damaged
from core.networks.model import Model, read_model
from core.networks.snapshots import NO_SNAPSHOTS, Snapshots
from core.store.database import Database
from core.store.run_tables import NoKerasFile, NoSuchRun, RunData, RunRow
from core.training.fine_tuning import FineTuning


class RunArtefacts:
    """Reads the artefacts of runs, each by the id of its run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def model(self, run_id: str) -> Model:
        """The model that a run left.

        Raises:
            NoSuchRun: there is no such run, or it has left no model.
            Damaged: what was stored is damaged.
        """
        return read_model(self._stored(run_id, "model"))

    def model_file(self, run_id: str) -> bytes:
        """The model as the content of a `.safetensors` file. Raises as `model`."""
        return self._stored(run_id, "model")

    def keras_file(self, run_id: str) -> bytes:
        """The model as the content of a `.keras` file.

        Raises:
            NoKerasFile: there was no room to make it when the run ended.
            NoSuchRun, Damaged: as `model`.
        """
        with self._database.reading() as session:
            files = select(RunData.model.is_not(None), RunData.keras_file.is_(None)).where(RunData.id == run_id)
            if session.execute(files).first() == (True, True):
                raise NoKerasFile
        return self._stored(run_id, "keras_file")

    def samples(self, run_id: str) -> Digits:
        """The first test images of a run's data, whose answers it reports while it goes on. Raises as `model`."""
        content = np.frombuffer(self._stored(run_id, "samples"), np.uint8).reshape(-1, 28 * 28 + 1)
        return Digits(content[:, 1:].reshape(-1, 28, 28), content[:, 0])

    def test_probabilities(self, run_id: str) -> np.ndarray:
        """(images, 10) float32: the model's answers to its test set. Raises as `model`."""
        return np.frombuffer(self._stored(run_id, "test_probabilities"), np.float32).reshape(-1, 10)

    def snapshots(self, run_id: str) -> Snapshots:
        """What was recorded of a run's epochs; `NO_SNAPSHOTS` where there is nothing, or it is damaged.

        Raises:
            NoSuchRun: there is no such run.
        """
        with self._database.reading() as session:
            if session.get(RunRow, run_id) is None:
                raise NoSuchRun
            content: bytes | None = session.scalar(select(RunData.snapshots).where(RunData.id == run_id))
        try:
            return Snapshots.from_bytes(content) if content else NO_SNAPSHOTS
        except ValueError:
            return NO_SNAPSHOTS  # it is for looking only; the run is none the worse

    def fine_tuning(self, run_id: str) -> FineTuning | None:
        """What a fine-tuning starts from and learns; None where the run is no fine-tuning, or gone.

        Raises:
            ValueError: what was stored is damaged.
        """
        with self._database.reading() as session:
            content = session.scalar(select(RunData.fine_tuning).where(RunData.id == run_id))
            return FineTuning.from_bytes(content) if content else None

    def start(self, run_id: str) -> Model | None:
        """The model that a run started from; None where it had fresh weights, or is gone.

        Raises:
            BadModelFile: what was stored is damaged.
        """
        with self._database.reading() as session:
            content = session.scalar(select(RunData.start).where(RunData.id == run_id))
            return read_model(content) if content else None

    def _stored(self, run_id: str, column: str) -> bytes:
        with self._database.reading() as session:
            content: bytes | None = session.scalar(select(getattr(RunData, column)).where(RunData.id == run_id))
            if content is None and session.scalar(select(RunRow.scores).where(RunRow.id == run_id)) is not None:
                raise Damaged
            if content is None:
                raise NoSuchRun
            return content
