"""A recipe setting by setting: what each is called, in which of them recipes differ, and a recipe with one changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from pydantic import BaseModel

from core.digits.dataset import SOURCE_NAMES
from core.formatting import NONE, setting_text
from core.networks.layers import AveragePooling2D, BatchNormalization, Conv2D, Dense, Dropout, MaxPooling2D
from core.networks.network import Network
from core.networks.recipe import Recipe, parse_recipe

Setting = int | float | str | bool

_NAMED_GROUPS = ("schedule", "early_stopping", "checkpoint")  # their settings are called "Schedule: warmup"
_LABELS = {
    "optimizer": "Optimiser",
    "data.source": "Images",
    "data.size": "Training images",
    "data.validation": "Validated on",
    "data.handwriting": "Built-in digits mixed in",
    "l1": "L1 penalty",
    "l2": "L2 penalty",
}
_WORDS = SOURCE_NAMES | {
    "full": "all",
    "quick": "10,000",
    "split": "a split",
    "test": "the test set",
    "OneCycle": "one cycle",
    "Constant": "constant",
    "Cosine": "cosine",
    "ReduceLROnPlateau": "reduce on plateau",
    "best": "the best epoch",
    "every": "every few epochs",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
}
_UNITS = {
    "augmentation.rotation": "\N{DEGREE SIGN}",
    "augmentation.shear": "\N{DEGREE SIGN}",
    "augmentation.elastic": "\N{THIN SPACE}px",
    "augmentation.thickness": "\N{THIN SPACE}px",
}
_COUNTED = {  # in a table or a name the setting itself says it; a sentence has to
    "epochs": "epoch",
    "batch_size": "image",
    "schedule.patience": "epoch",
    "early_stopping.patience": "epoch",
    "checkpoint.epochs": "epoch",
    "data.handwriting": "digit",
}
_SHARES = ("augmentation.shift", "augmentation.zoom")  # are read in percent, as the form has them


def settings(recipe: Recipe) -> dict[str, Setting]:
    """Every setting but the network's by its path, such as "optimizer.learning_rate"."""
    found: dict[str, Setting] = {}
    for name, value in recipe:
        if name in ("name", "version", "network"):
            continue
        if value is None:
            found["early_stopping" if name == "early_stopping" else f"{name}.kind"] = "none"
        elif isinstance(value, BaseModel):
            if name == "early_stopping":
                found[name] = "on"
            found |= {f"{name}.{inner}": held for inner, held in value}
        else:
            found[name] = value
    return found


def label(path: str) -> str:
    """What a setting is called."""
    group, _, name = path.rpartition(".")
    if name == "kind":
        return label(group)
    words = _LABELS.get(path, name.replace("_", " "))
    return f"{label(group)}: {words}" if group in _NAMED_GROUPS else words[:1].upper() + words[1:]


def words(value: Setting | None, path: str = "") -> str:
    """A setting's value as people read it, with its unit where the path of the setting says that it has one."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _WORDS.get(value, value)
    if path in _SHARES:
        return f"{setting_text(100 * value)}\N{THIN SPACE}%"
    return f"{value:,}" if isinstance(value, int) else f"{setting_text(value)}{_UNITS.get(path, '')}"


def quantity(value: Setting | None, path: str) -> str:
    """A setting's value as it stands in a sentence that does not name the setting: "10 epochs"."""
    text, unit = words(value, path), _COUNTED.get(path)
    return f"{text} {unit}{'' if value == 1 else 's'}" if unit and isinstance(value, int) else text


def differing(recipes: Sequence[Recipe]) -> list[tuple[str, list[str]]]:
    """The settings in which recipes differ, each with its value in every one of them, as people read it."""
    flat = [settings(recipe) for recipe in recipes]
    networks = _network_settings([recipe.network for recipe in recipes])
    rows = [
        (label(path), [words(held.get(path), path) for held in flat])
        for path in dict.fromkeys(path for held in flat for path in held)
    ]
    rows += [
        (name, [held.get(name, NONE) for held in networks]) for name in dict.fromkeys(n for h in networks for n in h)
    ]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def changeable(recipe: Recipe) -> dict[str, Setting]:
    """The settings that `with_changed` can change one at a time, network and first weights staying the same.

    Left out are the seed, which the first weights follow from, and kinds and switches, whose own settings would change
    with them.
    """
    return {
        path: value
        for path, value in settings(recipe).items()
        if path not in ("seed", "early_stopping") and not path.endswith(".kind")
    }


def choices(recipe: Recipe, path: str) -> tuple[str, ...]:
    """The words from which a setting is chosen; none for a number or a switch."""
    owner, _, name = path.rpartition(".")
    held: BaseModel = getattr(recipe, owner) if owner else recipe
    return tuple(get_args(type(held).model_fields[name].annotation))


def with_changed(recipe: Recipe, path: str, value: Setting) -> Recipe:
    """The recipe with one setting changed, and with the change in its name.

    Raises:
        BadRecipe: the value is out of range, or does not go with another setting.
    """
    content = recipe.model_dump(mode="json")
    owner, _, name = path.rpartition(".")
    (content[owner] if owner else content)[name] = value
    return parse_recipe(content | {"name": changed_name(recipe.name, _change(path, value))})


def the_change(before: Recipe, after: Recipe) -> str:
    """What has been changed of a recipe where that is one thing: "rotation 10°", "schedule constant".

    A kind or a switch is one thing, whatever settings come and go with it. "" where it is more, or nothing.
    """
    old, new = settings(before), settings(after)
    paths = [path for path in old | new if old.get(path) != new.get(path)]
    kinds = [path for path in paths if path == "early_stopping" or path.endswith(".kind")]
    is_one = len(paths) == 1 or (kinds and len({path.partition(".")[0] for path in paths}) == 1)
    if not is_one or before.network != after.network:
        return ""
    path = (kinds or paths)[0]
    return _change(path, new[path])


def changed_name(name: str, change: str) -> str:
    """A recipe's name with what was changed of it, cut to what a name may hold."""
    change = f", {change}"[:50]
    return f"{name[: 60 - len(change)]}{change}"


def _change(path: str, value: Setting) -> str:
    return f"{label(path)[:1].lower()}{label(path)[1:]} {words(value, path)}"


def _network_settings(networks: Sequence[Network]) -> list[dict[str, str]]:
    """What networks may differ in: layer by layer where they have the same kinds of layers, else in outline."""
    kinds = [[layer.layer for layer in network.layers] for network in networks]
    if all(kind == kinds[0] for kind in kinds):
        return [
            {
                f"{name}: {field.replace('_', ' ')}": words(value)
                for name, layer in network.named_layers()
                for field, value in layer
                if field != "layer"
            }
            for network in networks
        ]
    return [_outline(network) for network in networks]


def _outline(network: Network) -> dict[str, str]:
    outline = {
        name: ", ".join(str(getattr(layer, field)) for layer in network.layers if isinstance(layer, kind)) or "none"
        for name, (kind, field) in _OUTLINE.items()
    }
    is_normalised = any(isinstance(layer, BatchNormalization) for layer in network.layers)
    return outline | {"Batch normalisation": words(is_normalised), "Parameters": f"{network.parameters:,}"}


_OUTLINE = {
    "Convolutions: filters": (Conv2D, "filters"),
    "Convolutions: kernel sizes": (Conv2D, "kernel_size"),
    "Convolutions: strides": (Conv2D, "strides"),
    "Poolings": (MaxPooling2D | AveragePooling2D, "pool_size"),
    "Dense layers": (Dense, "units"),
    "Dropout": (Dropout, "rate"),
}
