import ast

import pytest

from core.lessons.glossary import find
from core.lessons.scripts import SCRIPTS
from core.networks.keras_script import keras_lines
from core.networks.presets import PRESETS

PARAMETERS = {"script-a": 93_322, "script-b": 542_230}  # as their texts print them


def calls(script):
    """The keyword arguments of each call in the script, by the name of what is called."""
    return {
        node.func.attr: {argument.arg: ast.unparse(argument.value) for argument in node.keywords}
        for node in ast.walk(ast.parse(script.source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_lines_are_a_whole_script_that_compiles(script):
    compile(script.source, script.preset, "exec")
    assert script.source.splitlines() == [line.code for line in script.lines]
    assert max(map(len, script.source.splitlines())) <= 79


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_script_builds_the_network_of_its_preset(script):
    network = PRESETS[script.preset].network
    layers = [line.code for line in script.lines if line.code.startswith("    layers.")]
    assert layers == [line.text for line in keras_lines(network) if line.layer]
    assert network.parameters == PARAMETERS[script.preset]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_explanation_of_a_layer_states_its_output_shape_and_parameters(script):
    network = PRESETS[script.preset].network
    explanations = [line.explanation for line in script.lines if line.code.startswith("    layers.")]
    for row, words in zip(network.table(), explanations, strict=True):
        assert f"{row.parameters:,} parameters" in words
        if len(row.output_shape) == 3:
            assert "\N{MULTIPLICATION SIGN}".join(map(str, row.output_shape)) in words
        else:
            assert f"{row.output_shape[0]:,} n" in words or words.startswith(("Ten neurons", "One neuron for each"))
    assert any(f"{network.parameters:,} parameters" in line.explanation for line in script.lines if line.code == "])")


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_script_trains_as_its_preset_does(script):
    recipe, called = PRESETS[script.preset], calls(script)
    assert int(called["fit"]["epochs"]) == recipe.epochs
    assert int(called["fit"].get("batch_size", 32)) == recipe.batch_size
    assert ("validation_data" in called["fit"]) == (recipe.data.validation == "test")
    assert called["compile"]["loss"] == "'categorical_crossentropy'"
    if recipe.optimizer.kind == "SGD":
        assert float(called["SGD"]["learning_rate"]) == recipe.optimizer.learning_rate
        assert float(called["SGD"]["momentum"]) == recipe.optimizer.momentum
    else:
        assert called["compile"]["optimizer"] == f"'{recipe.optimizer.kind.lower()}'"


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_line_but_the_empty_ones_is_explained_with_words_of_the_glossary(script):
    for line in script.lines:
        assert bool(line.code) == bool(line.explanation) == bool(line.terms), line.code
        assert not line.explanation or line.explanation.endswith((".", ":"))
        for term in line.terms:
            assert find(term) is not None, term
            assert find(term).name == term
