"""How long until 99 %, and what is reached in Script A's time: `python -m tests.benchmarks.speed --repeats 5`.

Scripts A and B as plain Keras scripts, "Fast", and the preset that makes most of Script A's time take turns, each in a
process of its own in which TensorFlow is imported, with MNIST on the disk. The clock runs from the preparation of the
data to the evaluation on the 10,000 test images, on both sides. Times are medians, accuracies means over seeds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tests.benchmarks import mnist_or_exit, report

BEST = "balanced"  # the preset that is to leave the fewest errors in Script A's time
SEEDS = {"script-a": 1, "fast": 10, "script-b": 1, BEST: 5}  # at least; in this order
Figures = list[tuple[float, float]]  # seconds and accuracy of each run


def main() -> None:
    """Measure in turn and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="rounds in which everyone has a turn")
    parser.add_argument("--only", nargs="+", choices=SEEDS, default=list(SEEDS), help="these alone")
    parser.add_argument("--few", action="store_true", help="no more seeds than rounds, whatever a figure asks for")
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "SEED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    mnist_or_exit()
    if arguments.measure:
        report(**measured(arguments.measure[0], int(arguments.measure[1])))
        return
    runs: dict[str, Figures] = {name: [] for name in SEEDS}
    most = arguments.repeats if arguments.few else max(arguments.repeats, *SEEDS.values())
    for seed in range(most):
        for name in arguments.only:
            if seed < arguments.repeats or (seed < SEEDS[name] and not arguments.few):
                seconds, accuracy = in_a_process_of_its_own(name, seed)
                runs[name].append((seconds, accuracy))
                print(f"{name}, seed {seed}: {accuracy:.4f} in {seconds:.1f} s", flush=True)
    report(**figures(runs))


def figures(runs: dict[str, Figures]) -> dict[str, object]:
    """What the runs come to; None for what was not measured."""

    def seconds(name: str) -> float | None:
        return statistics.median(seconds for seconds, _ in runs[name]) if runs[name] else None

    def accuracy(name: str) -> float | None:
        return statistics.mean(accuracy for _, accuracy in runs[name]) if runs[name] else None

    script_a, script_a_accuracy = seconds("script-a"), accuracy("script-a")
    best, best_accuracy, fast = seconds(BEST), accuracy(BEST), seconds("fast")
    error = None
    if (
        script_a and best and script_a_accuracy and best_accuracy and best <= script_a
    ):  # what takes longer counts for none
        error = (1 - best_accuracy) / (1 - script_a_accuracy)
    return {
        "script_a_seconds": script_a,
        "script_a_accuracy": script_a_accuracy,
        "script_b_seconds": seconds("script-b"),
        "script_b_accuracy": accuracy("script-b"),
        "fast_seconds": fast,
        "fast_accuracy_mean": accuracy("fast"),
        "fast_runs": len(runs["fast"]),
        "fast_to_script_a": fast / script_a if fast and script_a else None,
        f"{BEST}_seconds": best,
        f"{BEST}_accuracy_mean": best_accuracy,
        f"{BEST}_runs": len(runs[BEST]),
        "error_at_script_a_time": error,
    }


def in_a_process_of_its_own(name: str, seed: int) -> tuple[float, float]:
    """Seconds and test accuracy of one run."""
    command = [sys.executable, "-m", "tests.benchmarks.speed", "--measure", name, str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    return measured["seconds"], measured["accuracy"]


def measured(name: str, seed: int) -> dict[str, float]:
    """One run in this process, which imports everything before the clock runs."""
    import keras

    from core.digits.dataset import load_dataset, load_mnist
    from core.networks.presets import PRESETS
    from core.training.fit import fit
    from tests.benchmarks.scripts import plain_accuracy

    load_mnist.cache_clear()
    began = time.perf_counter()
    if name.startswith("script-"):
        keras.utils.set_random_seed(seed)
        accuracy = plain_accuracy(name, *load_mnist())
    else:
        recipe = PRESETS[name].model_copy(update={"seed": seed})
        accuracy = fit(recipe, load_dataset(**dict(recipe.data))).model.scores.test_accuracy
    return {"seconds": time.perf_counter() - began, "accuracy": accuracy}


if __name__ == "__main__":
    main()
