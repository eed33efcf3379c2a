"""Scripts A and B through Inkling and as plain Keras scripts, same data and seed: both must end in the same place."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

from core.digits.dataset import Digits, load_dataset
from core.networks.presets import PRESETS
from core.training.fit import fit
from tests.benchmarks import mnist_or_exit, report

SEED = 0


def main() -> None:
    """Train each script twice and report."""
    training, test = mnist_or_exit()
    figures = {}
    for script, plain in PLAIN_SCRIPTS.items():
        recipe = PRESETS[f"script-{script}"].model_copy(update={"seed": SEED})
        print(f"Script {script.upper()} through Inkling: {recipe.epochs} epochs ...", flush=True)
        trained = fit(recipe, load_dataset(**dict(recipe.data)))
        figures[f"script_{script}_accuracy"] = trained.model.scores.test_accuracy
        print(f"{trained.model.scores.test_accuracy:.3f}. As a plain Keras script ...", flush=True)
        keras.utils.set_random_seed(SEED)
        figures[f"script_{script}_plain_accuracy"] = plain(*plain_arrays(training, test))
        print(f"{figures[f'script_{script}_plain_accuracy']:.3f}.", flush=True)
    report(**figures)


def plain_arrays(training: Digits, test: Digits) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images and one-hot labels to train and to test on, as both scripts prepare them."""
    x_train, x_test = (digits.images.reshape(-1, 28, 28, 1).astype("float32") / 255 for digits in (training, test))
    y_train, y_test = (keras.utils.to_categorical(digits.labels) for digits in (training, test))
    return x_train, y_train, x_test, y_test


def plain_script_a(x_train, y_train, x_test, y_test) -> float:
    """Three convolutions, Adam, five epochs, validated on the test set."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=5, validation_data=(x_test, y_test), verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def plain_script_b(x_train, y_train, x_test, y_test) -> float:
    """One convolution, SGD with momentum, ten epochs, no validation."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=10, batch_size=32, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


PLAIN_SCRIPTS = {"a": plain_script_a, "b": plain_script_b}

if __name__ == "__main__":
    main()
