"""The names of runs: one line each, distinguished by a number or an ending where necessary."""

import itertools
import re
from collections.abc import Collection, Mapping

MAX_NAME = 60  # characters
_NUMBER = re.compile(r" \(\d+\)$")


def clean_name(name: str, most: int = MAX_NAME, fallback: str = "Untitled") -> str:
    """The name as one line of at most `most` printable characters; `fallback` where none is left."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name[: 10 * MAX_NAME])
    return " ".join(printable.split())[:most].strip() or fallback


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or the first of "name (2)", "name (3)", ... that is not taken; at most `MAX_NAME` characters."""
    if name not in taken:
        return name
    numbered = (with_ending(name, f" ({number})") for number in itertools.count(2))
    return next(free for free in numbered if free not in taken)


def distinct_names(names: Mapping[str, str]) -> dict[str, str]:
    """The names by the same keys, a later one with a number where it repeats an earlier one."""
    distinct: dict[str, str] = {}
    used: set[str] = set()
    for key, name in names.items():
        distinct[key] = free_name(name, used | set(names.values())) if name in used else name
        used.add(distinct[key])
    return distinct


def with_ending(name: str, ending: str) -> str:
    """The name with this ending, only once, and without its number."""
    unnumbered = _NUMBER.sub("", name).removesuffix(ending)
    return unnumbered[: MAX_NAME - len(ending)].rstrip() + ending


def shortened(name: str, most: int) -> str:
    """The name cut to at most `most` characters; its number stays, as it tells names apart."""
    if len(name) <= most:
        return name
    number = found[0] if (found := _NUMBER.search(name)) else ""
    return name[: most - 1 - len(number)].rstrip() + "\N{HORIZONTAL ELLIPSIS}" + number
