"""What each layer and each setting gains and costs, and the counts of Script A with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from core.networks.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Layer, MaxPooling2D
from core.networks.network import Network
from core.networks.presets import PRESETS


class TradeOff(NamedTuple):
    """What rises and what falls when one thing is turned up."""

    change: str
    rises: str
    falls: str


LAYERS = (
    TradeOff("Conv2D: more filters", "patterns it can tell apart; parameters", "speed; resistance to overfitting"),
    TradeOff(
        "Conv2D: larger kernel",
        "how much each output sees; parameters, with the square of its side",
        "speed; sensitivity to fine detail",
    ),
    TradeOff("Conv2D: stride 2", "speed, up to four times", "detail: three of four positions are skipped"),
    TradeOff("Conv2D: padding “same”", "the influence of the pixels at the rim; size of the maps", "speed"),
    TradeOff("One more convolution", "size and complexity of the patterns it can recognise", "speed; ease of training"),
    TradeOff("MaxPooling2D", "speed; tolerance of small shifts", "exact positions: three of four numbers go"),
    TradeOff(
        "Flatten",
        "nothing: it only rearranges",
        "the neighbourhood: a dense layer does not know what is above or below",
    ),
    TradeOff("GlobalAveragePooling2D instead", "tolerance of shifts", "parameters; where in its map a pattern was"),
    TradeOff("Dense: more units", "combinations it can weigh; parameters, by thousands", "resistance to overfitting"),
    TradeOff("ReLU", "the use of depth: without it, layers collapse into one", "whatever was negative"),
    TradeOff("Dropout", "resistance to overfitting; epochs needed", "fit to the training images"),
    TradeOff("BatchNormalization", "stability and speed of learning", "usefulness of very small batches"),
    TradeOff("Softmax", "readability: ten probabilities that add up to 1", "the option to say “none of these”"),
)

SETTINGS = (
    TradeOff("epochs", "fit to the training images; time taken", "from some point on, accuracy on new images"),
    TradeOff("batch size", "images per second; reliability of each step", "steps per epoch; helpful noise"),
    TradeOff("learning rate", "progress per step", "stability: if too high, the loss jumps about or explodes"),
    TradeOff("momentum", "speed along gentle slopes", "braking: it overshoots bends"),
    TradeOff(
        "Adam instead of SGD",
        "progress without much tuning; memory, three times the weights",
        "sometimes, the last tenth of a percent",
    ),
    TradeOff("schedule", "how well the last steps settle", "freedom: the number of epochs must be fixed beforehand"),
    TradeOff("early stopping", "protection from overfitting; saved time", "late gains, if patience is short"),
    TradeOff("validation split", "knowledge of how well it really does", "training images"),
    TradeOff("augmentation", "variety; accuracy on what people really draw", "speed; fit to the training images"),
    TradeOff("L1, L2", "smallness of the weights, and with it smoothness", "fit; if too strong, it learns nothing"),
    TradeOff("label smoothing", "caution: it is less often sure and wrong", "sharpness of its probabilities"),
)


def _script_a(change: Callable[[Layer], Layer | None]) -> Network:
    """Script A's network with each layer changed, or left out where the change gives None."""
    return Network(layers=tuple(layer for old in _A.layers if (layer := change(old))))


def _convolutions(change: Callable[[Conv2D], dict[str, Any]]) -> Network:
    """Script A's network with other fields in its convolutions."""
    return _script_a(lambda layer: layer.model_copy(update=change(layer)) if isinstance(layer, Conv2D) else layer)


def _strided() -> Network:
    """Script A's network without pooling, where each convolution before a pooling takes two pixels at a time."""
    layers = list(_A.layers)
    for index, layer in enumerate(layers[1:]):
        if isinstance(layer, MaxPooling2D):
            layers[index] = layers[index].model_copy(update={"strides": 2})
    return Network(layers=tuple(layer for layer in layers if not isinstance(layer, MaxPooling2D)))


def _with_third_pooling() -> Network:
    index = next(index for index, layer in enumerate(_A.layers) if isinstance(layer, Flatten))
    return Network(layers=(*_A.layers[:index], MaxPooling2D(), *_A.layers[index:]))


_A = PRESETS["script-a"].network
_HIDDEN = Dense(units=64, activation="relu")

# Script A's network with one thing changed, by the change.
CHANGES: Mapping[str, Network] = MappingProxyType(
    {
        "twice as many filters": _convolutions(lambda layer: {"filters": 2 * layer.filters}),
        "kernels of 5x5, padding “same”": _convolutions(lambda layer: {"kernel_size": 5, "padding": "same"}),
        "padding “same”": _convolutions(lambda layer: {"padding": "same"}),
        "no pooling": _script_a(lambda layer: None if isinstance(layer, MaxPooling2D) else layer),
        "stride 2 instead of pooling": _strided(),
        "a third pooling": _with_third_pooling(),
        "global average instead of Flatten": _script_a(
            lambda layer: GlobalAveragePooling2D() if isinstance(layer, Flatten) else layer
        ),
        "no hidden dense layer": _script_a(lambda layer: None if layer == _HIDDEN else layer),
    }
)


def change_sentence(change: str) -> str:
    """Say how a change affects Script A's parameters and multiply-adds: "Script A has 93,322 ..."."""
    changed = CHANGES[change]
    return (
        f"Script A has {_A.parameters:,} parameters and costs {_A.multiply_adds:,} multiply-adds per image. With "
        f"{change}: **{changed.parameters:,}** parameters ({_times(changed.parameters / _A.parameters)}) and "
        f"**{changed.multiply_adds:,}** multiply-adds ({_times(changed.multiply_adds / _A.multiply_adds)})."
    )


def _times(ratio: float) -> str:
    return f"{ratio:.2g} times as many"
