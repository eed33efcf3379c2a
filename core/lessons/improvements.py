"""What the text on Script A advises to improve: each piece of advice as a recipe with this one change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.digits.augmentation import Augmentation
from core.networks.layers import Dropout, Flatten, Layer
from core.networks.network import Network
from core.networks.presets import SCRIPT_A
from core.networks.recipe import Adam, BestCheckpoint, EarlyStopping, OneCycle, Recipe, ReduceLROnPlateau


@dataclass(frozen=True)
class Improvement:
    """One change to Script A, in words and as a recipe.

    Attributes:
        key: its name in an address.
        title: heading of its section.
        change: what is changed, in the words of the Train page's controls.
        reason: what it does, and why that may help.
        expectation: what to expect of it, honestly.
        term: key of the glossary's term for it.
        recipe: Script A with this one change.
        measured: accuracy on test images and on drawn digits after training on 10,000 images, the mean of two seeds;
            `python -m tests.benchmarks.improvements` repeats it.
    """

    key: str
    title: str
    change: str
    reason: str
    expectation: str
    term: str
    recipe: Recipe
    measured: tuple[float, float]


def _changed(name: str, **changes: Any) -> Recipe:
    """Script A with these settings instead of its own, checked like any recipe."""
    kept = {field: getattr(SCRIPT_A, field) for field in Recipe.model_fields if field not in ("name", *changes)}
    return Recipe(name=f"Script A, {name}", **kept, **changes)


def _with_dropout() -> Network:
    """Script A's layers with dropout of a quarter before Flatten and of a half before the last layer, as in its text.

    The text also adds a third pooling, which would be a second change.
    """
    layers: list[Layer] = []
    for layer in SCRIPT_A.network.layers:
        if isinstance(layer, Flatten):
            layers.append(Dropout(rate=0.25))
        if layer is SCRIPT_A.network.layers[-1]:
            layers.append(Dropout(rate=0.5))
        layers.append(layer)
    return Network(layers=tuple(layers))


SCRIPT_A_MEASURED = (0.9810, 0.8756)  # as `Improvement.measured`, of Script A itself

IMPROVEMENTS = (
    Improvement(
        "batch-size",
        "Batch size",
        "Batch size 128 instead of 32.",
        "The network then looks at four times as many images before it changes the weights. The steps are more "
        "reliable, and an epoch is faster because there are fewer of them. Common sizes are 32, 64, 128 and 256.",
        "Fewer steps in the same five epochs mean that it learns less: usually a little worse than Script A, not "
        "better. A large batch needs a higher learning rate or more epochs. Its real gain is time.",
        "batch-size",
        _changed("batch size 128", batch_size=128),
        (0.9748, 0.8668),
    ),
    Improvement(
        "augmentation",
        "Augmentation",
        "Rotation up to 10 degrees and shifts up to a tenth of the side.",
        "In every epoch each image is turned and moved a little, at random. The network never sees the same image "
        "twice and cannot learn images by heart.",
        "On MNIST's test set the effect hardly shows after five epochs, because these digits are upright and centred "
        "anyway. Look at the drawn digits instead: there it gains the most of all changes in this list.",
        "augmentation",
        _changed("augmentation", augmentation=Augmentation(rotation=10, shift=0.1)),
        (0.9796, 0.8926),
    ),
    Improvement(
        "early-stopping",
        "Early stopping",
        "Up to 50 epochs, ended when the validation loss has not improved for three; the best epoch is kept.",
        "Nobody knows beforehand how many epochs are right. So allow many, and let the validation images decide when "
        "to stop. The two settings belong together: with five epochs there would be nothing to stop.",
        "Much the same accuracy, without guessing the number of epochs, after about twice the time. One thing to know: "
        "Script A validates on the test images, so the best epoch is chosen by the same images that then measure the "
        'model, which flatters it a little. Set "Validated on" to the split for an honest figure.',
        "early-stopping",
        _changed("early stopping", early_stopping=EarlyStopping(), epochs=50),
        (0.9810, 0.8756),
    ),
    Improvement(
        "dropout",
        "Dropout",
        "A quarter of the numbers dropped before Flatten, and half of them before the last layer.",
        "At every step different neurons are missing, so the network cannot rely on any of them and learns things more "
        "than once. When it answers, all are there.",
        "The training accuracy falls, because the network is disturbed while it learns; that is no fault. The accuracy "
        "on new images gains little in five epochs; the longer a run, the more dropout helps.",
        "dropout",
        _changed("dropout", network=_with_dropout()),
        (0.9822, 0.8854),
    ),
    Improvement(
        "l2",
        "L2 penalty",
        "An L2 penalty of 0.0001.",
        "The loss grows with the square of every weight. Large weights become expensive, and the network keeps to "
        "simpler explanations.",
        "No difference that a single run could show. Script A is small for so many images and hardly overfits in five "
        "epochs, so there is little to cure.",
        "l2-penalty",
        _changed("L2 penalty", l2=1e-4),
        (0.9795, 0.8868),
    ),
    Improvement(
        "l1",
        "L1 penalty",
        "An L1 penalty of 0.00001.",
        "The loss grows with the size of every weight. Weights that do not earn their price go to zero, and the "
        "network uses fewer connections.",
        "As with L2, no difference that a single run could show. Try ten times as much, and see when it begins to "
        "cost accuracy.",
        "l1-penalty",
        _changed("L1 penalty", l1=1e-5),
        (0.9791, 0.8806),
    ),
    Improvement(
        "checkpoint",
        "Checkpoints",
        "The weights of the epoch with the best validation accuracy are kept.",
        "Accuracy goes up and down near the end of a training, and the last epoch need not be the best one. A "
        "checkpoint also saves a run that is interrupted; Inkling keeps one after every epoch anyway.",
        "The same curves as Script A's, because nothing about the learning changes. If the last epoch is the best, the "
        "result is the same model; otherwise it is slightly better. As with early stopping, the test images choose.",
        "checkpoint",
        _changed("best checkpoint", checkpoint=BestCheckpoint()),
        (0.9810, 0.8756),
    ),
    Improvement(
        "reduce-on-plateau",
        "Learning rate: reduce on plateau",
        "The learning rate is halved when the validation loss has not improved for two epochs.",
        "Long steps get near the goal quickly and then jump around it; short ones find the rest of the way.",
        "In five epochs there is hardly time for two without improvement, so it often does nothing at all, and the "
        "curves are exactly Script A's. It is meant for long runs, together with early stopping.",
        "reduce-on-plateau",
        _changed("reduce on plateau", schedule=ReduceLROnPlateau()),
        (0.9810, 0.8756),
    ),
    Improvement(
        "one-cycle",
        "Learning rate: one cycle",
        "The learning rate climbs in the first third of the run and falls to nearly nothing until its end.",
        "This schedule is not in the text; it is newer. It does not wait for a plateau, and makes the most of few "
        "epochs: careful at the start, bold in the middle, fine at the end.",
        "As good as Script A or a little better, at no cost. With a higher peak it is the reason why one epoch is "
        "enough for the preset Fast.",
        "one-cycle",
        _changed("one cycle, same rate", schedule=OneCycle()),
        (0.9825, 0.8804),
    ),
    Improvement(
        "tf-data",
        "A tf.data pipeline",
        "The next batches are prepared in the background while the network learns from this one.",
        "The computation of gradients need not wait until images have been put into batches, turned and bent.",
        "Exactly the same curves: in Inkling both ways use the same images in the same order. Only the time changes, "
        "and without augmentation there is little to prepare and little to gain.",
        "tf-data-pipeline",
        _changed("tf.data pipeline", pipeline="tf.data"),
        (0.9810, 0.8756),
    ),
)

# The recipes of the chapter "A better model than Script A": on 10,000 images, then on all of them.
_QUICK = SCRIPT_A.data.model_copy(update={"size": "quick"})
_HIGHER_PEAK = Adam(learning_rate=0.003)
SCRIPT_A_QUICK = _changed("quick", data=_QUICK)
BETTER_QUICK = _changed("one cycle, quick", data=_QUICK, schedule=OneCycle(), optimizer=_HIGHER_PEAK)
BETTER = _changed("one cycle", schedule=OneCycle(), optimizer=_HIGHER_PEAK)
