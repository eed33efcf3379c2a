"""The names of runs: labels of one line, each its own, with a number or an ending where they need one."""

import itertools
import re
from collections.abc import Collection, Mapping

MAX_NAME = 60  # characters
_NUMBER = re.compile(r" \(\d+\)$")


def clean_name(name: str, most: int = MAX_NAME, otherwise: str = "Untitled") -> str:
    """A name as a label: one line of printable characters, at most `most` of them; `otherwise` where none is left."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name[: 10 * MAX_NAME])
    return " ".join(printable.split())[:most].strip() or otherwise


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or the first of "name (2)", "name (3)", ... that is not taken; at most `MAX_NAME` characters."""
    if name not in taken:
        return name
    numbered = (with_ending(name, f" ({number})") for number in itertools.count(2))
    return next(free for free in numbered if free not in taken)


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """The same names, by whatever they are called by; a later one that is there already has a number."""
    given: dict[str, str] = {}
    used: set[str] = set()
    for key, name in names.items():
        given[key] = free_name(name, used | set(names.values())) if name in used else name
        used.add(given[key])
    return given


def with_ending(name: str, ending: str) -> str:
    """The name with this ending once, however often it is given; a number of the name's own makes way for it."""
    unnumbered = _NUMBER.sub("", name).removesuffix(ending)
    return unnumbered[: MAX_NAME - len(ending)].rstrip() + ending


def shortened(name: str, most: int) -> str:
    """What of a name fits into so many characters; its number stays, as it tells it from another."""
    if len(name) <= most:
        return name
    number = found[0] if (found := _NUMBER.search(name)) else ""
    return name[: most - 1 - len(number)].rstrip() + "\N{HORIZONTAL ELLIPSIS}" + number
