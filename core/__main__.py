"""The command line: `python -m core train|answers|detector|status|stop`; `--help` after any of them says more.

Ctrl+C ends `train` and keeps what it has learned. A recipe with periodic checkpoints saves them beside the model;
repeated after it was interrupted, the command resumes from the latest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
from pathlib import Path

from core.digits.dataset import load_dataset, load_mnist
from core.errors import InklingError
from core.files import home, write_whole
from core.insight.metrics import accuracy, accuracy_interval
from core.insight.stored_predictions import to_bytes
from core.networks.history import BatchProgress
from core.networks.model import PRETRAINED, load_model
from core.networks.presets import PRESETS
from core.networks.recipe import MAX_JSON_BYTES, BadRecipe, PeriodicCheckpoint, Recipe, parse_recipe
from core.training.checkpoint import Checkpoint, EpochProgress

BAR_WIDTH = 24  # characters


def main(arguments: list[str] | None = None) -> int:
    """Run a command, and return its exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "train":
                train(read_recipe(chosen.recipe), chosen.out)
            case "answers":
                _save_answers(chosen.model)
            case "detector":
                _train_detector(chosen.out)
            case "status":
                return _print_status(as_json=chosen.json)
            case "work":
                _be_engine()
            case "stop":
                _stop_engine()
    except InklingError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"The file could not be saved: {problem}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Inkling without its pages.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("train", help="train a recipe, and save the model with a .keras file beside it")
    command.add_argument("recipe", help=f"a recipe file (JSON), or one of: {', '.join(PRESETS)}")
    command.add_argument("out", type=Path, help="where to save the model (.safetensors)")
    command = commands.add_parser("answers", help="save a model's predictions on MNIST's test set beside it")
    command.add_argument("model", type=Path, nargs="?", default=PRETRAINED, help="by default the shipped model")
    command = commands.add_parser("detector", help="train the network that tells digits from what is no digit")
    command.add_argument("out", type=Path, help="where to save it (.safetensors)")
    command = commands.add_parser("status", help="show web processes, engine, database and queue")
    command.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("work", help="train what waits in INKLING_DATABASE_URL, until it is ended")
    commands.add_parser("stop", help="end the training engine")
    return parser


def train(recipe: Recipe, out: Path) -> None:
    """Train by a recipe, print the progress, and save the model as `out` and as a `.keras` file beside it."""
    if out.suffix != ".safetensors":
        raise BadRecipe(f"The model is saved as a .safetensors file, so {out} must end with .safetensors.")
    saved = out.with_suffix(f".{hashlib.sha256(recipe.to_json().encode()).hexdigest()[:8]}.checkpoint")
    checkpoint = _read_checkpoint(saved)
    if checkpoint is None:
        write_whole(saved, b"")  # find out now, not after the training, that the folder cannot be written to
        saved.unlink()
    data = load_dataset(**dict(recipe.data))
    if data.notice:
        print(data.notice)
    print(f"{recipe.name}: {recipe.network.parameters:,} parameters, {len(data.training):,} training images")

    from core.training import fit  # here, as TensorFlow takes seconds to import

    def on_progress(progress: BatchProgress | EpochProgress) -> None:
        _print_progress(progress)
        every = recipe.checkpoint.epochs if isinstance(recipe.checkpoint, PeriodicCheckpoint) else 0
        if every and isinstance(progress, EpochProgress) and progress.result.epoch % every == 0:
            write_whole(saved, progress.checkpoint.to_bytes())

    interrupts: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(number))
    try:
        trained = fit.fit(recipe, data, on_progress, lambda: "stop" if interrupts else "", checkpoint)
    finally:
        signal.signal(signal.SIGINT, previous)
    write_whole(out, trained.model.to_bytes())
    if trained.keras_file:
        write_whole(out.with_suffix(".keras"), trained.keras_file)
    saved.unlink(missing_ok=True)
    scores = trained.model.scores
    low, high = accuracy_interval(scores.test_accuracy, scores.test_images)
    print(f"Kept epoch {scores.kept_epoch} ({scores.kept_because}) after {scores.seconds:.1f} s.")
    print(f"Test accuracy {scores.test_accuracy:.4f} (95 % interval {low:.4f} to {high:.4f}). Saved {out}.")


def _be_engine() -> None:
    from core.engine import engine_process

    folder = str(home().absolute())
    os.execve(sys.executable, [sys.executable, "-m", engine_process.SUPERVISOR, folder], engine_process.variables())


def _stop_engine() -> None:
    from core.engine import engine_process

    print("The training engine has ended." if engine_process.stop() else "No training engine is running.")


def _print_status(*, as_json: bool) -> int:
    from core.engine import status

    found = status.status()
    print(json.dumps(found.as_json()) if as_json else "\n".join(found.lines()))
    return 0 if found.is_well else 1


def _save_answers(path: Path) -> None:
    model, (_, test) = load_model(path), load_mnist()
    print(f"{path} answers {len(test):,} test digits.")
    probabilities = model.probabilities(test.images)
    out = path.with_suffix(".answers.safetensors")
    write_whole(out, to_bytes(model, "mnist", probabilities))
    print(f"Test accuracy {accuracy(probabilities, test.labels):.4f}. Saved {out}.")


def _train_detector(out: Path) -> None:
    from core.training.detector_training import detector_data, train_detector

    data = detector_data()
    print(f"Detector: {len(data.training):,} training images")
    detector, scores = train_detector(data, _print_progress)
    write_whole(out, detector.to_bytes())
    print(f"Test accuracy {scores.test_accuracy:.4f}. Saved {out}.")


def _read_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint that an interrupted command with the same recipe saved, if there is one."""
    try:
        checkpoint = Checkpoint.from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        print(f"{path} cannot be used ({problem}); the run starts from the beginning.")
        return None
    print(f"Resuming after epoch {len(checkpoint.history)}, from {path}.")
    return checkpoint


def _print_progress(progress: BatchProgress | EpochProgress) -> None:
    """Print a line for each epoch, rewritten while it lasts."""
    if isinstance(progress, BatchProgress):
        filled = "#" * (BAR_WIDTH * progress.step // progress.steps)
        print(
            f"\rEpoch {progress.epoch} [{filled:<{BAR_WIDTH}}] loss {progress.loss:.3f}, "
            f"accuracy {progress.accuracy:.4f}, {progress.images_per_second:,.0f} images/s   ",
            end="",
            flush=True,
        )
        return
    result = progress.result
    validation = "" if result.validation_accuracy is None else f", validation {result.validation_accuracy:.4f}"
    summary = f"loss {result.loss:.3f}, accuracy {result.accuracy:.4f}{validation}"
    print(f"\r\033[KEpoch {result.epoch}: {summary}", flush=True)


def read_recipe(named: str) -> Recipe:
    """The preset with this name, or the recipe in this file.

    Raises:
        BadRecipe: it is neither.
    """
    if named in PRESETS:
        return PRESETS[named]
    try:
        with Path(named).open("rb") as file:
            content = file.read(MAX_JSON_BYTES + 1)
    except (OSError, ValueError):  # ValueError: this cannot be the name of a file
        raise BadRecipe(f"{named} is neither a recipe file nor a preset; presets are {', '.join(PRESETS)}.") from None
    return parse_recipe(content)


if __name__ == "__main__":
    sys.exit(main())
