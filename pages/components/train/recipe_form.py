"""The form that makes a recipe: preset cards, epochs and batch size, and the rest in four folded groups.

Ranges and explanations come from the recipe's own fields. What the controls hold lives in the session, under keys that
name the setting; choosing a preset fills them all.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
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
from core.networks.settings import changed_name, the_change
from core.store import limits
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn.glossary_view import question
from pages.components.parts import network_view
from pages.components.train import augmentation_preview, preset_cards
from pages.components.train.preset_cards import Card

_OPTIMIZERS: tuple[type[BaseModel], ...] = (Adam, AdamW, SGD, RMSprop)
_SCHEDULES: tuple[type[BaseModel], ...] = (Constant, OneCycle, Cosine, ReduceLROnPlateau)
_CHECKPOINTS: tuple[type[BaseModel], ...] = (BestCheckpoint, PeriodicCheckpoint)
BAR_WIDTH = 100  # pixels of a control beside the Train button
_TAGS = ("kind",)

# Per preset: what it is, and what to expect of it on two idle cores without a GPU.
_LINES = {
    "fast": ("One epoch, made to be quick. Start here.", "99.2\N{THIN SPACE}% in 6 s"),
    "balanced": ("Fewest errors, in a minute and a half.", "99.65\N{THIN SPACE}% in 90 s"),
    "accurate": ("Made for drawings; the pretrained model's.", "99.62\N{THIN SPACE}% in 10 min"),
    "tiny": ("As much as 7,586 parameters can hold.", "99.4\N{THIN SPACE}% in 2 min"),
    "script-a": ("A teaching text's: three convolutions, Adam.", "99.1\N{THIN SPACE}% in 95 s"),
    "script-b": ("Another text's: one convolution, SGD.", "98.6\N{THIN SPACE}% in 45 s"),
    "script-a-improved": ("With all advice of its text; stops by itself.", "98.7\N{THIN SPACE}% in 4 min"),
}
_WORDS = {
    "mnist": "MNIST",
    "handwriting": "Built-in handwriting",
    "full": "Full, 60,000 images",
    "quick": "Quick, 10,000 images",
    "split": "A split of the training images",
    "test": "The test set, as Script A does",
    "none": "None",
    "val_loss": "Validation loss",
    "val_accuracy": "Validation accuracy",
    "arrays": "Arrays",
    "OneCycle": "One cycle",
    "ReduceLROnPlateau": "Reduce on plateau",
    "": "No extra copy",
    "best": "The best epoch",
    "every": "Every few epochs",
}
_LABELS = {
    "l1": "L1 penalty",
    "l2": "L2 penalty",
    "beta_1": "Beta 1",
    "beta_2": "Beta 2",
    "source": "Images",
    "handwriting": "Built-in digits mixed in",
    "validation": "Validated on",
    "monitor": "Watches",
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
_SETTING = re.compile(r"(?:^|(?<=\. ))[\w.]*?(\w+) must ")  # as a recipe's problem names it, "optimizer.Adam.beta_1"
SWITCH_WIDTH = 120  # pixels of a switch, beside which its range stands
CHANGED = ", changed"  # what the name of a recipe ends with that is no longer what its name says
LINKED = "linked"  # the choice of the network that came with a recipe and is no preset's

# Beside the controls' own, this leaves in the session:
#   recipe_linked         the recipe that came by a link, until a preset is chosen
#   recipe_link_problem   the sentence about a link that holds none


def take_link() -> None:
    """Fill the controls with the recipe that the address names, once: it is taken out, so that changes stay.

    Belongs before everything else: once a widget is drawn, what it holds cannot be set.
    """
    text = st.query_params.get("recipe")
    if text is None:
        return
    del st.query_params["recipe"]
    st.session_state.pop("recipe_link_problem", None)
    try:
        _fill_all(from_link(text))
    except BadRecipe as problem:
        st.session_state.recipe_link_problem = str(problem)
        _fill("fast")


def take_up(training: Recipe) -> None:
    """Fill the controls with the recipe of a run that goes on, where nothing has been chosen yet: after a reload."""
    if _key("preset") not in st.session_state:
        _fill_all(training)


def link_problem() -> str:
    """What was wrong with the link by which the visitor came; "" where nothing was. It is said once."""
    return str(st.session_state.pop("recipe_link_problem", ""))


def recipe() -> Recipe | str:
    """The recipe that the controls hold now, or the sentence that says why they hold none."""
    if _key("preset") not in st.session_state:
        _fill("fast")
    try:
        made = parse_recipe(_held())
        limits.check(made)
    except (BadRecipe, limits.OverLimit, limits.BadLimit) as problem:
        return _SETTING.sub(lambda named: f"{_label(named[1])} must ", str(problem))
    return made.model_copy(update={"name": _name(made)})


def render_cards(made: Recipe | str) -> None:
    """Draw the presets as cards, for what `recipe` made of the controls."""
    chosen = st.session_state[_key("preset")]
    changed = isinstance(made, str) or made != PRESETS[chosen]
    cards = []
    for preset, known in PRESETS.items():
        line, expect = _LINES.get(preset, _described(known))
        cards.append(Card(preset, known.name, line, "" if changed and preset == chosen else expect))
    preset_cards.render(cards, chosen, changed, _fill)
    caption("Test accuracy, and about the time on two idle cores.")
    if tight := limits.limits_sentence(limits.limits()):
        caption(plain(tight))


def render_groups(made: Recipe | str) -> None:
    """Draw the rest of the recipe, in four folded groups, for what `recipe` made of the controls."""
    if linked := _linked():
        caption(f"The controls were filled with the recipe {plain(linked.name)}. A card brings its own back.")
    with st.container(gap=None):
        with st.expander("Network", key="group_network"):
            _network()
        with st.expander("Optimiser and schedule", key="group_optimizer"):
            _kind("optimizer", "Optimiser", _OPTIMIZERS)
            _kind("schedule", "Learning-rate schedule", _SCHEDULES)
            for field in ("label_smoothing", "l1", "l2"):
                _control(Recipe, field)
        # Only this group says whether it is open: what augmentation does is drawn for who looks at it.
        with st.expander("Data and augmentation", key="group_data", on_change="rerun") as group:
            for field in ("source", "size", "validation", "handwriting"):
                _control(Data, field, "data")
            _augmentation(made, is_seen=bool(group.open))
            _control(Recipe, "pipeline")
        with st.expander("Stopping and saving", key="group_stopping"):
            _stopping()
            _control(Recipe, "seed")


def render_bar() -> None:
    """Draw epochs and batch size, narrow enough to stand side by side on a phone."""
    for field in ("epochs", "batch_size"):
        explanation = f"{Recipe.model_fields[field].description}\n\n{question(term_of(Recipe, field))}"
        _widget(Recipe, field, help=explanation, width=BAR_WIDTH)


def _network() -> None:
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
                label = f"Dropout rate of {name}"
                st.slider(label, 0.0, 0.9, step=0.05, key=_key("dropout", name), persist_state="session")
    network_view.layer_table(network)


def _augmentation(made: Recipe | str, is_seen: bool) -> None:
    """What is done to the training images, and for each way in which they are changed a switch and its range."""
    with st.container(gap="small", key="augmentation"):
        st.markdown("**Augmentation**")
        if is_seen and isinstance(made, Recipe):
            augmentation_preview.render(made)
    for field, info in Augmentation.model_fields.items():
        label, limit = field.capitalize(), next(bound.le for bound in info.metadata if hasattr(bound, "le"))
        explanation = _explained(info.description or "", term_of(Augmentation, field))
        with explanation, st.container(horizontal=True, vertical_alignment="center"):
            key = _key("augmentation", field, "on")
            is_on = st.toggle(label, key=key, persist_state="session", width=SWITCH_WIDTH)
            if is_on:
                step, form, _ = _RANGES[field]
                st.slider(
                    f"{label}, at most",
                    min(step, _get("augmentation", field)),  # a recipe from elsewhere may ask for less than a step
                    float(limit),
                    step=step,
                    format=form,
                    key=_key("augmentation", field),
                    persist_state="session",
                    label_visibility="collapsed",
                )


def _stopping() -> None:
    with _explained("Ends the run when the watched value no longer improves.", term_of(EarlyStopping)):
        is_on = st.toggle("Early stopping", key=_key("early_stopping"), persist_state="session")
    if is_on:
        for field in EarlyStopping.model_fields:
            _control(EarlyStopping, field, "early_stopping")
    kinds = ["", *(_tag(kind) for kind in _CHECKPOINTS)]
    with _explained("Which weights are kept on the way.", term_of(Recipe, "checkpoint")):
        st.selectbox("Checkpoint", kinds, format_func=_word, key=_key("checkpoint"), persist_state="session")
    for kind in _CHECKPOINTS:
        if st.session_state[_key("checkpoint")] == _tag(kind):
            _settings(kind, "checkpoint")


def _kind(field: str, label: str, kinds: tuple[type[BaseModel], ...]) -> None:
    """A choice among kinds, and below it the settings of the chosen one."""
    known = {_tag(kind): kind for kind in kinds}
    kind = known[st.session_state[_key(field)]]
    with _explained((kind.__doc__ or "").strip().splitlines()[0], term_of(Recipe, field), term_of(kind)):
        st.selectbox(label, list(known), format_func=_word, key=_key(field), persist_state="session")
    _settings(kind, field)


def _settings(kind: type[BaseModel], field: str) -> None:
    for setting in kind.model_fields:
        if setting not in _TAGS:
            _control(kind, setting, field, _tag(kind))


def _control(owner: type[BaseModel], field: str, *place: str) -> None:
    """The control for one field of a recipe, explained in the field's own words."""
    with _explained(owner.model_fields[field].description or "", term_of(owner, field)):
        _widget(owner, field, *place)


def _widget(owner: type[BaseModel], field: str, *place: str, **options: Any) -> None:
    """The widget for one field of a recipe; whether what is typed will do, the recipe says."""
    info = owner.model_fields[field]
    label = _label(field)
    remembered: Any = {"key": _key(*place, field), "persist_state": "session", **options}
    kind = info.annotation
    if kind is bool:
        st.toggle(label, **remembered)
    elif kind in (int, float):
        # Without the field's range: the browser would keep a number outside it to itself, and the run take the old one.
        step = _STEPS.get(field, 1 if kind is int else 0.05)
        form = "%d" if kind is int else "%g"
        st.number_input(label, step=kind(step), format=form, **remembered)
    else:
        st.selectbox(label, list(getattr(kind, "__args__", ())), format_func=_word, **remembered)


@contextmanager
def _explained(explanation: str, *terms: Term) -> Iterator[None]:
    """A widget with a quiet line below it, which ends with the way to its words in the glossary.

    Not in the label: a screen reader would read its markup out.
    """
    with st.container(gap=None):
        yield
        caption(" ".join([plain(explanation), *map(question, dict.fromkeys(terms))]).strip())


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
    """Set every control but the architecture's to what a recipe says, and those it has no say in to their defaults."""
    _fill_dropout(known.network)
    for field in ("batch_size", "label_smoothing", "l1", "l2", "pipeline", "seed"):
        _set(field, value=getattr(known, field))
    _set("epochs", value=min(known.epochs, limits.limits().epochs))
    _fill_from(known.data, "data")
    for field, value in known.augmentation:
        _set("augmentation", field, "on", value=value > 0)
        _set("augmentation", field, value=value or _RANGES[field][2])
    for field, kinds in (("optimizer", _OPTIMIZERS), ("schedule", _SCHEDULES), ("checkpoint", _CHECKPOINTS)):
        chosen = getattr(known, field)
        _set(field, value=chosen.kind if chosen else "")
        for kind in kinds:
            _fill_from(chosen if type(chosen) is kind else kind(), field, _tag(kind))
    _set("early_stopping", value=known.early_stopping is not None)
    _fill_from(known.early_stopping or EarlyStopping(), "early_stopping")


def _fill_from(owner: BaseModel, *place: str) -> None:
    for field, value in owner:
        if field not in _TAGS:
            _set(*place, field, value=value)


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


def _held() -> dict[str, Any]:
    """What the controls hold, as `parse_recipe` reads it."""
    kinds = {
        field: next(
            ({"kind": _get(field)} | _values(kind, field, _tag(kind)) for kind in kinds if _tag(kind) == _get(field)),
            None,
        )
        for field, kinds in (("optimizer", _OPTIMIZERS), ("schedule", _SCHEDULES), ("checkpoint", _CHECKPOINTS))
    }
    return {
        "network": {"layers": _layers()},
        "data": _values(Data, "data"),
        "augmentation": {
            # Sliders add up their steps; 0.30000000000000004 is not what anyone chose.
            field: round(_get("augmentation", field), 6) if _get("augmentation", field, "on") else 0.0
            for field in Augmentation.model_fields
        },
        "early_stopping": _values(EarlyStopping, "early_stopping") if _get("early_stopping") else None,
        **kinds,
        **{field: _get(field) for field in ("epochs", "batch_size", "label_smoothing", "l1", "l2", "pipeline", "seed")},
    }


def _name(made: Recipe) -> str:
    """What to call what the controls hold: as the recipe that it is, else after the one that it was, and the change."""
    known = PRESETS[_get("preset")]
    origin = _linked() or known
    for named in (origin, known):
        if made == named.model_copy(update={"name": made.name}):
            return named.name
    if change := the_change(known, made):
        return changed_name(known.name, change)
    return changed_name(origin.name.removesuffix(CHANGED), "changed")


def _layers() -> list[dict[str, Any]]:
    layers = []
    for name, layer in _networks()[_get("network")].named_layers():
        rate = {"rate": _get("dropout", name)} if isinstance(layer, Dropout) else {}
        layers.append(layer.model_dump(mode="json") | rate)
    return layers


def _values(owner: type[BaseModel], *place: str) -> dict[str, Any]:
    return {field: _get(*place, field) for field in owner.model_fields if field not in _TAGS}


def _tag(kind: type[BaseModel]) -> str:
    tag: str = kind.model_fields["kind"].default
    return tag


def _key(*place: str) -> str:
    return "recipe_" + "_".join(place)


def _get(*place: str) -> Any:
    return st.session_state[_key(*place)]


def _set(*place: str, value: Any) -> None:
    st.session_state[_key(*place)] = value


def _label(field: str) -> str:
    return _LABELS.get(field, field.replace("_", " ").capitalize())


def _word(value: str) -> str:
    return _WORDS.get(value, value)


def _described(known: Recipe) -> tuple[str, str]:
    return f"{known.network.parameters:,} parameters", f"{known.epochs} epochs"
