import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.networks.names import MAX_NAME, clean_name, distinct_names, free_name, shortened, with_ending

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.bad_input(19)
@given(st.text(max_size=200))
def test_any_input_becomes_a_printable_line(typed):
    name = clean_name(typed)
    assert 1 <= len(name) <= MAX_NAME
    assert name.isprintable()
    assert clean_name(name) == name


@pytest.mark.parametrize("typed", ["", "   ", "\n", "\u202e\u202d"])
def test_an_empty_name_becomes_untitled(typed):
    assert clean_name(typed) == "Untitled"


def test_a_taken_name_gets_the_first_free_number():
    assert free_name("Mine", []) == "Mine"
    assert free_name("Mine", ["Mine", "Mine (3)"]) == "Mine (2)"
    assert free_name("Mine (2)", ["Mine", "Mine (2)"]) == "Mine (3)"
    assert free_name("x" * MAX_NAME, ["x" * MAX_NAME]) == "x" * (MAX_NAME - 4) + " (2)"


@given(st.lists(st.sampled_from(["Mine", "Mine (2)", "Mine (3)", "x" * MAX_NAME])))
def test_distinct_names_differ_and_the_first_of_equal_names_stays(names):
    distinct = distinct_names({str(index): name for index, name in enumerate(names)})
    assert len(set(distinct.values())) == len(names)
    for name in set(names):
        assert distinct[str(names.index(name))] == name


@pytest.mark.parametrize("name", ["First", "First, continued", "First, continued (2)", "First (3)"])
def test_an_ending_is_not_repeated(name):
    assert with_ending(name, ", continued") == "First, continued"


@given(st.text(min_size=1, max_size=90))
def test_a_name_with_an_ending_has_at_most_the_maximal_length(name):
    ended = with_ending(name, ", continued")
    assert len(ended) <= MAX_NAME
    assert ended.endswith(", continued")


def test_a_shortened_name_keeps_its_number():
    assert shortened("Fast", 10) == "Fast"
    assert shortened("Script A, one cycle", 12) == f"Script A, o{ELLIPSIS}"
    assert shortened("Script A, one cycle (2)", 12) == f"Script{ELLIPSIS} (2)"
