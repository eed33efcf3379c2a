"""The form that makes a recipe: the presets, epochs and batch size, and the rest in four folded groups.

Ranges and explanations come from the recipe's own fields. Each control keeps its value in the session, under a key that
names the setting; choosing a preset fills them all.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import BaseModel

from core.digits.augmentation import Augmentation
from core.lessons.glossary import Term, term_of
from core.networks.layers import Dropout
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import (
    SGD,
    Adam,
    AdamW,
    BadRecipe,
    BestCheckpoint,
    Constant,
    Cosine,
    Data,
    EarlyStopping,
    OneCycle,
    PeriodicCheckpoint,
    Recipe,
    ReduceLROnPlateau,
    RMSprop,
    parse_recipe,
)
from core.networks.recipe_link import from_link
from core.networks.settings import changed_name, label, the_change, words
from core.store import server_limits
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn.glossary_view import question
from pages.components.parts import network_view
from pages.components.train import augmentation_preview

_PLAIN = ("epochs", "batch_size", "label_smoothing", "l1", "l2", "pipeline", "seed")  # settings that are one value
# Settings that are one of several kinds, each with settings of its own.
_KINDS: dict[str, dict[str, type[BaseModel]]] = {
    "optimizer": {"Adam": Adam, "AdamW": AdamW, "SGD": SGD, "RMSprop": RMSprop},
    "schedule": {
        "Constant": Constant,
        "OneCycle": OneCycle,
        "Cosine": Cosine,
        "ReduceLROnPlateau": ReduceLROnPlateau,
    },
    "checkpoint": {"best": BestCheckpoint, "every": PeriodicCheckpoint},
}
BAR_WIDTH = 100  # pixels of a control beside the Train button

# Per preset: what it is, and what to expect of it on two idle cores without a GPU.
_PRESET_LINES = {
    "fast": ("One epoch, made to be quick. Start here.", "99.2 % in 6 s"),
    "balanced": ("Fewest errors, in a minute and a half.", "99.65 % in 90 s"),
    "accurate": ("Made for drawings, like the pretrained model.", "99.62 % in 10 min"),
    "tiny": ("As much as 7,586 parameters can hold.", "99.4 % in 2 min"),
    "script-a": ("A teaching text's: three convolutions, Adam.", "99.1 % in 95 s"),
    "script-b": ("Another text's: one convolution, SGD.", "98.6 % in 45 s"),
    "script-a-improved": ("With all the advice of its text; stops by itself.", "98.7 % in 4 min"),
}
# Options that say more here than in a table of settings.
_OPTION_LABELS = {
    "full": "Full, 60,000 images",
    "quick": "Quick, 10,000 images",
    "split": "A split of the training images",
    "test": "The test set, as Script A does",
    "": "No extra copy",
    "tf.data": "tf.data",
}
_STEPS = {"learning_rate": 0.001, "l1": 1e-5, "l2": 1e-5, "min_learning_rate": 1e-5, "handwriting": 10_000}
# Per augmentation: the slider's step, how it writes a number, and the range when it is switched on.
_RANGES = {
    "rotation": (1.0, "%g\N{DEGREE SIGN}", 10.0),
    "shift": (0.01, "percent", 0.08),
    "zoom": (0.01, "percent", 0.1),
    "shear": (1.0, "%g\N{DEGREE SIGN}", 8.0),
    "elastic": (0.1, "%g px", 2.0),
    "thickness": (0.05, "%g px", 0.4),
}
_SETTING = re.compile(r"(?:^|(?<=\. ))(?:\w+\.)*?((?:data\.)?\w+) must ")  # in a message: "optimizer.Adam.beta_1 must"
SWITCH_WIDTH = 120  # pixels of a switch, beside which its range stands
CHANGED = ", changed"  # ends the name of a recipe that differs from the preset of that name
LINKED = "linked"  # the choice of the network that came with a recipe and is no preset's


def fill_from_link() -> None:
    """Fill the controls with the recipe that the address names, and take it out of the address, so that changes stay.

    To be called before the controls are drawn: the value of a widget cannot be set afterwards.

    Raises:
        BadRecipe: the link holds no recipe; the controls then hold the preset Fast.
    """
    text = st.query_params.pop("recipe", None)
    if text is None:
        return
    _fill("fast")
    _fill_all(from_link(text))


def fill_from_run(training: Recipe) -> None:
    """Fill the controls with the recipe of a run that is active, where nothing has been chosen yet: after a reload."""
    if _key("preset") not in st.session_state:
        _fill_all(training)


def recipe() -> Recipe:
    """The recipe that the controls hold now.

    Raises:
        BadRecipe: they hold none; the message names the control and what it may hold.
    """
    if st.session_state.get(_key("preset")) not in PRESETS:
        _fill("fast")
    try:
        made = parse_recipe(_content())
        server_limits.check(made)
    except (BadRecipe, server_limits.OverLimit, server_limits.BadLimit) as problem:
        raise BadRecipe(_SETTING.sub(lambda setting: f"{label(setting[1])} must ", str(problem))) from problem
    return made.model_copy(update={"name": _name(made)})


def render_presets(made: Recipe | None) -> None:
    """Draw the presets to choose from.

    Args:
        made: what the controls hold, by `recipe`; None where that is no recipe.
    """
    chosen = _get("preset")
    is_changed = made != PRESETS[chosen]
    captions = []
    for preset, (line, expected) in _PRESET_LINES.items():
        unbroken = expected.replace(" %", "\N{NARROW NO-BREAK SPACE}%").replace(" ", "\N{NO-BREAK SPACE}")
        captions.append(f":gray[{line}] {'Changed' if is_changed and preset == chosen else unbroken}")
    st.html(Path(__file__).with_suffix(".css"))
    st.radio(
        "Recipe",
        list(_PRESET_LINES),
        format_func=lambda preset: PRESETS[preset].name,
        captions=captions,
        key=_key("preset"),
        persist_state="session",
        label_visibility="collapsed",
        width="stretch",
        on_change=_fill_chosen,
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        caption("Test accuracy, and about the time on two idle cores.", width="content")
        # The other choices are a radio button away; the chosen one itself has no click left.
        st.button("Reset", key="reset_recipe", type="tertiary", disabled=not is_changed, on_click=_fill_chosen)
    if tight := server_limits.limits_sentence(server_limits.limits()):
        caption(plain(tight))


def render_bar() -> None:
    """Draw epochs and batch size, narrow enough to stand side by side on a phone."""
    for field in ("epochs", "batch_size"):
        explanation = f"{Recipe.model_fields[field].description}\n\n{question(term_of(Recipe, field))}"
        _widget(Recipe, field, help=explanation, width=BAR_WIDTH)


def render_groups(made: Recipe | None) -> None:
    """Draw the rest of the recipe in four folded groups, for the same `made` as `render_presets`."""
    if linked := _linked():
        name = plain(linked.name)
        caption(f"The controls were filled with the recipe {name}. Reset, or another preset, replaces it.")
    with st.container(gap=None):
        with st.expander("Network", key="group_network"):
            _render_network()
        with st.expander("Optimiser and schedule", key="group_optimizer"):
            _render_kind("optimizer", "Optimiser")
            _render_kind("schedule", "Learning-rate schedule")
            for field in ("label_smoothing", "l1", "l2"):
                _render_control(Recipe, field)
        # This group alone reports whether it is open, as its preview is only computed for those who see it.
        with st.expander("Data and augmentation", key="group_data", on_change="rerun") as group:
            for field in ("source", "size", "validation", "handwriting"):
                _render_control(Data, field, "data")
            _render_augmentation(made if group.open else None)
            _render_control(Recipe, "pipeline")
        with st.expander("Stopping and saving", key="group_stopping"):
            _render_stopping()
            _render_control(Recipe, "seed")


def _render_network() -> None:
    names = {preset: known.name for preset, known in PRESETS.items()}
    if LINKED in _networks():
        names[LINKED] = "The recipe's own"
    with _explained("The layers of any preset.", term_of(Recipe, "network")):
        st.selectbox(
            "Architecture",
            list(names),
            format_func=names.__getitem__,
            key=_key("network"),
            persist_state="session",
            on_change=_fill_dropout,
        )
    network = _networks()[_get("network")]
    for name, layer in network.named_layers():
        if isinstance(layer, Dropout):
            with _explained("Share of numbers left out at each step.", term_of(Dropout)):
                key = _key("dropout", name)
                st.slider(f"Dropout rate of {name}", 0.0, 0.9, step=0.05, key=key, persist_state="session")
    network_view.layer_table(network)


def _render_augmentation(previewed: Recipe | None) -> None:
    """Draw the preview of a recipe, if one is given, and for each way to change images a switch and its range."""
    with st.container(gap="small", key="augmentation"):
        st.markdown("**Augmentation**")
        if previewed:
            augmentation_preview.render(previewed)
    for field, info in Augmentation.model_fields.items():
        name, limit = field.capitalize(), next(bound.le for bound in info.metadata if hasattr(bound, "le"))
        explanation = _explained(info.description or "", term_of(Augmentation, field))
        with explanation, st.container(horizontal=True, vertical_alignment="center"):
            key = _key("augmentation", field, "on")
            is_on = st.toggle(name, key=key, persist_state="session", width=SWITCH_WIDTH)
            if is_on:
                step, form, _ = _RANGES[field]
                st.slider(
                    f"{name}, at most",
                    min(step, _get("augmentation", field)),  # a recipe from elsewhere may ask for less than a step
                    float(limit),
                    step=step,
                    format=form,
                    key=_key("augmentation", field),
                    persist_state="session",
                    label_visibility="collapsed",
                )


def _render_stopping() -> None:
    with _explained("Ends the run when the monitored value no longer improves.", term_of(EarlyStopping)):
        is_on = st.toggle("Early stopping", key=_key("early_stopping"), persist_state="session")
    if is_on:
        for field in EarlyStopping.model_fields:
            _render_control(EarlyStopping, field, "early_stopping")
    kinds = ["", *_KINDS["checkpoint"]]
    with _explained("Which weights are kept along the way.", term_of(Recipe, "checkpoint")):
        st.selectbox("Checkpoint", kinds, format_func=_option_label, key=_key("checkpoint"), persist_state="session")
    _render_settings("checkpoint")


def _render_kind(field: str, title: str) -> None:
    """Draw a choice among kinds, and below it the settings of the chosen one."""
    kind = _KINDS[field][_get(field)]
    with _explained((kind.__doc__ or "").strip().splitlines()[0], term_of(Recipe, field), term_of(kind)):
        st.selectbox(title, list(_KINDS[field]), format_func=_option_label, key=_key(field), persist_state="session")
    _render_settings(field)


def _render_settings(field: str) -> None:
    """Draw the settings of the chosen kind, if one is chosen."""
    if kind := _KINDS[field].get(_get(field)):
        for setting in kind.model_fields:
            if setting != "kind":
                _render_control(kind, setting, field, _get(field))


def _render_control(owner: type[BaseModel], field: str, *path: str) -> None:
    """Draw the control for one field of a recipe, explained in the field's own words."""
    with _explained(owner.model_fields[field].description or "", term_of(owner, field)):
        _widget(owner, field, *path)


def _widget(owner: type[BaseModel], field: str, *path: str, **options: Any) -> None:
    """Draw the widget for one field of a recipe; it takes any value, and `recipe` checks it."""
    kind = owner.model_fields[field].annotation
    name = label(f"data.{field}" if owner is Data else field)
    common: Any = {"key": _key(*path, field), "persist_state": "session", **options}
    if kind is bool:
        st.toggle(name, **common)
    elif kind in (int, float):
        # Without the field's range: the browser would not send a number outside it, and the run would use the old one.
        step = _STEPS.get(field, 1 if kind is int else 0.05)
        st.number_input(name, step=kind(step), format="%d" if kind is int else "%g", **common)
    else:
        st.selectbox(name, list(getattr(kind, "__args__", ())), format_func=_option_label, **common)


@contextmanager
def _explained(explanation: str, *terms: Term) -> Iterator[None]:
    """Draw a caption below the widget that is drawn inside, ending with links to its terms in the glossary.

    Not in the label: a screen reader would read its markup out.
    """
    with st.container(gap=None):
        yield
        caption(" ".join([plain(explanation), *map(question, dict.fromkeys(terms))]).strip())


def _fill_chosen() -> None:
    if _get("preset") in PRESETS:  # any browser may send anything
        _fill(_get("preset"))


def _fill(preset: str) -> None:
    """Set every control to what the preset says."""
    st.session_state.pop("recipe_linked", None)
    _set("preset", value=preset)
    _set("network", value=preset)
    _fill_settings(PRESETS[preset])


def _fill_all(linked: Recipe) -> None:
    """Set every control to what a recipe from elsewhere says; its card is that of the most similar preset."""
    for preset, known in PRESETS.items():
        if linked == known:
            return _fill(preset)
    st.session_state.recipe_linked = linked
    shapes = {preset: _without_rates(known.network) for preset, known in PRESETS.items()}
    alike = [preset for preset, shape in shapes.items() if shape == _without_rates(linked.network)]
    named = [preset for preset, known in PRESETS.items() if linked.name.removesuffix(CHANGED) == known.name]
    _set("preset", value=next(iter([*(preset for preset in named if preset in alike), *alike, *named, "fast"])))
    _set("network", value=alike[0] if alike else LINKED)
    _fill_settings(linked)


def _fill_settings(known: Recipe) -> None:
    """Set all controls but the architecture's to a recipe's values, and those of kinds it does not use to defaults."""
    _fill_dropout(known.network)
    for field in _PLAIN:
        _set(field, value=getattr(known, field))
    _set("epochs", value=min(known.epochs, server_limits.limits().epochs))
    _fill_from(known.data, "data")
    for field, value in known.augmentation:
        _set("augmentation", field, "on", value=value > 0)
        _set("augmentation", field, value=value or _RANGES[field][2])
    for field, kinds in _KINDS.items():
        chosen = getattr(known, field)
        _set(field, value=chosen.kind if chosen else "")
        for tag, kind in kinds.items():
            _fill_from(chosen if type(chosen) is kind else kind(), field, tag)
    _set("early_stopping", value=known.early_stopping is not None)
    _fill_from(known.early_stopping or EarlyStopping(), "early_stopping")


def _fill_from(owner: BaseModel, *path: str) -> None:
    for field, value in owner:
        if field != "kind":
            _set(*path, field, value=value)


def _fill_dropout(network: Network | None = None) -> None:
    """Set the dropout rates to a network's, by default to those of the chosen architecture."""
    for name, layer in (network or _networks()[_get("network")]).named_layers():
        if isinstance(layer, Dropout):
            _set("dropout", name, value=layer.rate)


def _networks() -> dict[str, Network]:
    """The architectures to choose from: each preset's, and that of a linked recipe where no preset has it."""
    networks = {preset: known.network for preset, known in PRESETS.items()}
    linked = _linked()
    if linked and _without_rates(linked.network) not in map(_without_rates, networks.values()):
        networks[LINKED] = linked.network
    return networks


def _linked() -> Recipe | None:
    linked: Recipe | None = st.session_state.get("recipe_linked")
    return linked


def _without_rates(network: Network) -> list[dict[str, Any]]:
    """The layers, whatever their dropout rates: those have controls of their own."""
    return [layer.model_dump(exclude={"rate"}) for layer in network.layers]


def _content() -> dict[str, Any]:
    """What the controls hold, as `parse_recipe` reads it."""
    layers = [
        layer.model_dump(mode="json") | ({"rate": _get("dropout", name)} if isinstance(layer, Dropout) else {})
        for name, layer in _networks()[_get("network")].named_layers()
    ]
    return {
        "network": {"layers": layers},
        "data": _values(Data, "data"),
        "augmentation": {
            # Sliders add up their steps; 0.30000000000000004 is not what anyone chose.
            field: round(_get("augmentation", field), 6) if _get("augmentation", field, "on") else 0.0
            for field in Augmentation.model_fields
        },
        "early_stopping": _values(EarlyStopping, "early_stopping") if _get("early_stopping") else None,
        **{field: _chosen_kind(field) for field in _KINDS},
        **{field: _get(field) for field in _PLAIN},
    }


def _chosen_kind(field: str) -> dict[str, Any] | None:
    tag = _get(field)
    kind = _KINDS[field].get(tag)
    return {"kind": tag} | _values(kind, field, tag) if kind else None


def _name(made: Recipe) -> str:
    """The name of the preset or linked recipe that this is, else of the one it began as, with the change."""
    known = PRESETS[_get("preset")]
    origin = _linked() or known
    for named in (origin, known):
        if made == named.model_copy(update={"name": made.name}):
            return named.name
    if change := the_change(known, made):
        return changed_name(known.name, change)
    return changed_name(origin.name.removesuffix(CHANGED), "changed")


def _values(owner: type[BaseModel], *path: str) -> dict[str, Any]:
    return {field: _get(*path, field) for field in owner.model_fields if field != "kind"}


def _key(*path: str) -> str:
    return "recipe_" + "_".join(path)


def _get(*path: str) -> Any:
    return st.session_state[_key(*path)]


def _set(*path: str, value: Any) -> None:
    st.session_state[_key(*path)] = value


def _option_label(value: str) -> str:
    text = words(value)
    return _OPTION_LABELS.get(value) or text[:1].upper() + text[1:]
