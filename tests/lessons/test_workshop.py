import re
from itertools import pairwise

from core.lessons import workshop

ADDRESS = "https://inkling.example/app/"
_, *PARTS = workshop.PLAN.split("## Minute ")


def test_the_parts_fill_the_workshop_without_gaps():
    times = [tuple(map(int, re.match(r"(\d+) to (\d+): ", part).groups())) for part in PARTS]
    assert times[0][0] == 0
    assert times[-1][1] == workshop.MINUTES == 45
    assert all(before[1] == after[0] for before, after in pairwise(times))


def test_every_part_says_what_to_show_and_do_and_where_and_answers_a_question():
    for part in PARTS:
        assert re.search(
            r"\*\*Show\.\*\* .+\*\*The group\.\*\* .+\*\*Where\.\*\* \[.+- \*\*.+\?\*\* \w", part, re.DOTALL
        )


def test_the_printed_plan_is_complete_and_its_links_are_absolute():
    text = workshop.printed(ADDRESS)
    assert workshop.PREPARE in text
    assert text.count("## Minute ") == len(PARTS)
    links = re.findall(r"https?://[^\s),]+", text)
    assert links[0] == ADDRESS
    assert f"{ADDRESS}learn?chapter=overfitting" in links
    assert all(link.startswith(ADDRESS) and "./" not in link for link in links)
    assert "](" not in text
