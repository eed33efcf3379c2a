"""The search behind the presets, to be repeated: `python -m tests.benchmarks.recipe_study --group fast --seeds 3`.

A candidate's name says in what it differs from the preset. They are compared by their accuracy on the validation
images, and by the time from the preparation of the data to the final evaluation; the test set decides nothing.
"""

import argparse
import os
import statistics
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from core.digits.augmentation import Augmentation
from core.digits.dataset import load_dataset
from core.networks.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ReLU,
)
from core.networks.network import Network
from core.networks.presets import ACCURATE, BALANCED, FAST, TINY
from core.networks.recipe import Adam, Recipe
from core.training.fit import fit
from tests.benchmarks import mnist_or_exit, report


def conv(filters: int, size: int = 3, strides: int = 1, padding: str = "valid", pool: int = 0) -> tuple[Any, ...]:
    """A convolution, pooled where so wished, then normalised and cut off at zero."""
    convolution = Conv2D(filters=filters, kernel_size=size, strides=strides, padding=padding, use_bias=False)
    pooling = (MaxPooling2D(pool_size=pool),) if pool else ()
    return convolution, *pooling, BatchNormalization(momentum=0.9), ReLU()


def net(*layers: tuple[Any, ...], dropout: float = 0.0, mean: bool = False) -> Network:
    """Convolutions with ten probabilities behind them."""
    dropped = (Dropout(rate=dropout),) if dropout else ()
    flat = GlobalAveragePooling2D() if mean else Flatten()
    flattened = [part for layer in layers for part in layer]
    return Network(layers=(*flattened, flat, *dropped, Dense(units=10, activation="softmax")))


def changed(recipe: Recipe, **settings: Any) -> Recipe:
    """The recipe with something changed."""
    return recipe.model_copy(update=settings)


def fast(network: Network) -> Recipe:
    """The preset "Fast" with another network, and no label smoothing."""
    return changed(FAST, network=network, label_smoothing=0.0)


BEGIN = conv(16, 5, 2, "same")
NO_MARGINS = net(conv(16, 5, 2), conv(32, pool=2), conv(64))
WIDER = net(conv(24, 5, pool=2), conv(48), conv(48, pool=2), conv(96), dropout=0.2)
POOLED_ONCE = net(conv(32, 5, pool=2), conv(64), conv(64), conv(128), conv(128), dropout=0.3)
UNBENT = ACCURATE.augmentation.model_copy(update={"elastic": 0.0})
MILD = Augmentation(rotation=6, shift=0.04, zoom=0.06, shear=4)
GROUPS: dict[str, dict[str, Recipe]] = {
    "fast": {
        "as it was": fast(net(BEGIN, (*conv(32), MaxPooling2D()), conv(64))),
        "pooled before normalisation": fast(net(BEGIN, conv(32, pool=2), conv(64))),
        "no margins": fast(NO_MARGINS),
        "12, 32, 64": fast(net(conv(12, 5, 2, "same"), conv(32, pool=2), conv(64))),
        "16, 24, 64": fast(net(BEGIN, conv(24, pool=2), conv(64))),
        "no margins, batch 96": changed(fast(NO_MARGINS), batch_size=96),
        "no margins, 16, 32, 96": fast(net(conv(16, 5, 2), conv(32, pool=2), conv(96))),
        "no margins, smoothing 0.1: the preset": FAST,
        "smoothing, 12, 32, 48": changed(FAST, network=net(conv(12, 5, 2), conv(32, pool=2), conv(48))),
        "smoothing, 12, 24, 48": changed(FAST, network=net(conv(12, 5, 2), conv(24, pool=2), conv(48))),
    },
    "balanced": {
        "wider, 8 epochs": changed(BALANCED, network=WIDER, epochs=8),
        "wider, 8 epochs, milder augmentation": changed(BALANCED, network=WIDER, epochs=8, augmentation=MILD),
        "16, 32, 48, 96, 12 epochs: the preset": BALANCED,
    },
    "accurate": {
        "as it was: pooled once, 24 epochs": changed(
            ACCURATE, network=POOLED_ONCE, epochs=24, label_smoothing=0.0, augmentation=UNBENT
        ),
        "pooled twice, smoothing": changed(ACCURATE, augmentation=UNBENT),
        "pooled twice, smoothing, bent: the preset": ACCURATE,
    },
    "tiny": {
        "the preset": TINY,
        "mean of each map": changed(
            TINY, network=net(conv(8, 5, pool=2), conv(16), conv(16, pool=2), conv(24, padding="same"), mean=True)
        ),
        "milder augmentation": changed(TINY, augmentation=MILD),
        "peak 0.005": changed(TINY, optimizer=Adam(learning_rate=0.005, beta_1=0.8, beta_2=0.95)),
    },
}


def main() -> None:
    """Train every candidate of a group on every seed, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.recipe_study", description=__doc__)
    parser.add_argument("--group", choices=GROUPS, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these candidates alone")
    arguments = parser.parse_args()
    mnist_or_exit()
    figures = {}
    print(f"{'':36} validation      seconds  CPU s  parameters  1000 multiply-adds", flush=True)
    for name, recipe in GROUPS[arguments.group].items():
        if arguments.only and name not in arguments.only:
            continue
        accuracies, seconds, work = [], [], []
        for seed in range(arguments.seeds):
            began, busy = time.perf_counter(), time.process_time()
            trained = fit(recipe.model_copy(update={"seed": seed}), load_dataset(**dict(recipe.data)))
            seconds.append(time.perf_counter() - began)
            work.append(time.process_time() - busy)
            accuracies.append(trained.model.scores.validation_accuracy)
        mean, spread = statistics.mean(accuracies), statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
        network, median, busy = recipe.network, statistics.median(seconds), statistics.median(work)
        print(
            f"{name:36} {mean:.4f} ±{spread:.4f} {median:8.1f} {busy:6.1f} {network.parameters:11,} "
            f"{network.multiply_adds // 1000:,}",
            flush=True,
        )
        figures[name] = {
            "validation_accuracy": mean,
            "seconds": median,
            "cpu_seconds": busy,
        }
    report(**figures)


if __name__ == "__main__":
    main()
