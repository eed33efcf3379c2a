"""Names of runs: clean, each its own, short where there is little room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.networks.names import MAX_NAME, clean_name, free_name, shortened, told_apart, with_ending

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.bad_input(19)
@given(st.text(max_size=200))
def test_a_name_is_a_label_whatever_was_typed(typed):
    name = clean_name(typed)
    assert 1 <= len(name) <= MAX_NAME
    assert name.isprintable()
    assert clean_name(name) == name


@pytest.mark.parametrize("typed", ["", "   ", "\n", "\u202e\u202d"])
def test_an_empty_name_becomes_untitled(typed):
    assert clean_name(typed) == "Untitled"


def test_a_name_that_is_taken_is_numbered_with_the_first_number_that_is_free():
    assert free_name("Mine", []) == "Mine"
    assert free_name("Mine", ["Mine", "Mine (3)"]) == "Mine (2)"
    assert free_name("Mine (2)", ["Mine", "Mine (2)"]) == "Mine (3)"
    assert free_name("x" * MAX_NAME, ["x" * MAX_NAME]) == "x" * (MAX_NAME - 4) + " (2)"


@given(st.lists(st.sampled_from(["Mine", "Mine (2)", "Mine (3)", "x" * MAX_NAME])))
def test_names_that_are_told_apart_are_all_different_and_the_first_of_each_keeps_its_own(names):
    given_names = told_apart({str(place): name for place, name in enumerate(names)})
    assert len(set(given_names.values())) == len(names)
    for name in set(names):
        assert given_names[str(names.index(name))] == name


@pytest.mark.parametrize("name", ["First", "First, continued", "First, continued (2)", "First (3)"])
def test_an_ending_stands_once_however_often_a_run_is_continued(name):
    assert with_ending(name, ", continued") == "First, continued"


@given(st.text(min_size=1, max_size=90))
def test_a_name_with_its_ending_is_no_longer_than_a_name_may_be(name):
    ended = with_ending(name, ", continued")
    assert len(ended) <= MAX_NAME
    assert ended.endswith(", continued")


def test_a_short_name_keeps_what_tells_it_from_another():
    assert shortened("Fast", 10) == "Fast"
    assert shortened("Script A, one cycle", 12) == f"Script A, o{ELLIPSIS}"
    assert shortened("Script A, one cycle (2)", 12) == f"Script{ELLIPSIS} (2)"
