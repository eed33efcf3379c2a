import re
from itertools import pairwise

from core.lessons import workshop

ADDRESS = "https://inkling.example/app/"


def test_the_parts_fill_the_workshop_without_gaps():
    times = workshop.times()
    assert times[0][0] == 0
    assert times[-1][1] == workshop.MINUTES == 45
    assert all(before[1] == after[0] for before, after in pairwise(times))


def test_every_part_says_what_to_show_and_do_and_where_and_answers_a_question():
    for part in workshop.PLAN:
        assert part.show.endswith((".", "?"))
        assert part.do.endswith((".", "?"))
        assert part.pages
        assert all(question.endswith("?") and answer.endswith(".") for question, answer in part.questions)
        assert part.questions


def test_the_printed_plan_is_complete_and_its_links_are_absolute():
    text = workshop.markdown(ADDRESS)
    for part in workshop.PLAN:
        assert part.title in text
        assert part.show in text
        assert all(answer in text for _, answer in part.questions)
    links = re.findall(r"https?://[^\s),]+", text)
    assert links[0] == ADDRESS
    assert f"{ADDRESS}learn?chapter=overfitting" in links
    assert all(link.startswith(ADDRESS) and "./" not in link for link in links)
