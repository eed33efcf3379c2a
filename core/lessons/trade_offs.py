"""What each layer and each setting gives and takes: as a table, and counted on Script A with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

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
        "speed; sense for fine detail",
    ),
    TradeOff("Conv2D: stride 2", "speed, up to four times", "detail: three of four places are skipped"),
    TradeOff("Conv2D: padding “same”", "the say of the pixels at the rim; size of the maps", "speed"),
    TradeOff("One more convolution", "size and complexity of what can be recognised", "speed; ease of training"),
    TradeOff("MaxPooling2D", "speed; indifference to small shifts", "exact positions: three of four numbers go"),
    TradeOff("Flatten", "nothing: it only lays out", "the neighbourhood: a dense layer knows no above or below"),
    TradeOff("GlobalAveragePooling2D instead", "indifference to place", "parameters; where in its map a thing was"),
    TradeOff("Dense: more units", "combinations it can weigh; parameters, by thousands", "resistance to overfitting"),
    TradeOff("ReLU", "what depth is good for: without it layers collapse into one", "whatever was negative"),
    TradeOff("Dropout", "resistance to overfitting; epochs needed", "fit to the training images"),
    TradeOff("BatchNormalization", "steadiness and speed of learning", "sense in very small batches"),
    TradeOff("Softmax", "readability: ten shares of one whole", "the option to say “none of these”"),
)

SETTINGS = (
    TradeOff("epochs", "fit to the training images; time taken", "from some point on, accuracy on new images"),
    TradeOff("batch size", "images per second; steadiness of each step", "steps per epoch; helpful noise"),
    TradeOff("learning rate", "progress per step", "stability: too high, and the loss leaps about or explodes"),
    TradeOff("momentum", "speed along gentle slopes", "braking: it overshoots bends"),
    TradeOff(
        "Adam instead of SGD",
        "progress without much tuning; memory, three times the weights",
        "sometimes, the last tenth",
    ),
    TradeOff("schedule", "how well the last steps settle", "freedom: the number of epochs must be fixed before"),
    TradeOff("early stopping", "protection from overfitting; thrift", "late gains, where patience is short"),
    TradeOff("validation split", "knowledge of how it really goes", "training images"),
    TradeOff("augmentation", "variety; accuracy on what people really draw", "speed; fit to the training images"),
    TradeOff("L1, L2", "smallness of the weights, and smoothness with it", "fit; too much, and it learns nothing"),
    TradeOff("label smoothing", "modesty: it is less often sure and wrong", "sharpness of its probabilities"),
)


def _each(network: Network, kind: type, change: Callable[[Layer], Layer]) -> tuple[Layer, ...]:
    return tuple(change(layer) if isinstance(layer, kind) else layer for layer in network.layers)


def _without(network: Network, kind: type) -> tuple[Layer, ...]:
    return tuple(layer for layer in network.layers if not isinstance(layer, kind))


def _updated(**fields: object) -> Callable[[Layer], Layer]:
    return lambda layer: layer.model_copy(update=fields)


def _twice_as_many(layer: Layer) -> Layer:
    assert isinstance(layer, Conv2D)
    return layer.model_copy(update={"filters": 2 * layer.filters})


def _strided(network: Network) -> tuple[Layer, ...]:
    """Each pooling is left out, and the convolution before it takes two pixels at a time."""
    layers = list(network.layers)
    for place, layer in enumerate(layers[1:]):
        if isinstance(layer, MaxPooling2D):
            layers[place] = layers[place].model_copy(update={"strides": 2})
    return tuple(layer for layer in layers if not isinstance(layer, MaxPooling2D))


def _with_third_pooling(network: Network) -> tuple[Layer, ...]:
    place = next(place for place, layer in enumerate(network.layers) if isinstance(layer, Flatten))
    return (*network.layers[:place], MaxPooling2D(), *network.layers[place:])


_A = PRESETS["script-a"].network

# Script A with one thing changed, by what was changed.
CHANGES: Mapping[str, Network] = MappingProxyType(
    {
        "twice as many filters": Network(layers=_each(_A, Conv2D, _twice_as_many)),
        "kernels of 5x5, padding “same”": Network(layers=_each(_A, Conv2D, _updated(kernel_size=5, padding="same"))),
        "padding “same”": Network(layers=_each(_A, Conv2D, _updated(padding="same"))),
        "no pooling": Network(layers=_without(_A, MaxPooling2D)),
        "stride 2 instead of pooling": Network(layers=_strided(_A)),
        "a third pooling": Network(layers=_with_third_pooling(_A)),
        "global average instead of Flatten": Network(layers=_each(_A, Flatten, lambda layer: GlobalAveragePooling2D())),
        "no hidden dense layer": Network(
            layers=tuple(layer for layer in _A.layers if layer != Dense(units=64, activation="relu"))
        ),
    }
)


def change_sentence(change: str) -> str:
    """What a change does to Script A's parameters and multiply-adds: "Script A has 93,322 ..."."""
    changed = CHANGES[change]
    return (
        f"Script A has {_A.parameters:,} parameters and costs {_A.multiply_adds:,} multiply-adds per image. With "
        f"{change}: **{changed.parameters:,}** parameters ({_times(changed.parameters / _A.parameters)}) and "
        f"**{changed.multiply_adds:,}** multiply-adds ({_times(changed.multiply_adds / _A.multiply_adds)})."
    )


def _times(ratio: float) -> str:
    return f"{ratio:.2g} times as many"
