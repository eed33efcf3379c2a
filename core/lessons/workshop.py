"""A workshop of 45 minutes with Inkling, minute by minute, as data and as text to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, pairwise

MINUTES = 45


@dataclass(frozen=True)
class Part:
    """A part of the workshop.

    Attributes:
        minutes: how long it takes.
        title: what it is about.
        show: what the teacher shows.
        do: what the group does.
        pages: names of the pages and chapters that are used, with their addresses within the app.
        questions: questions to ask or to be ready for, with answers.
    """

    minutes: int
    title: str
    show: str
    do: str
    pages: tuple[tuple[str, str], ...]
    questions: tuple[tuple[str, str], ...]


PREPARE = (
    "Open Draw and then Train a quarter of an hour before. A free deployment sleeps when nobody visits it, and Train "
    "starts TensorFlow, which takes ten seconds or more on a small server.",
    "Train Script A yourself (a minute and a half), so that there is a finished run to show and to compare with.",
    "Hand out the address below, on the board or as a QR code. It carries no secret: everyone who opens it gets a "
    'workspace of their own. Do not hand out what "Take it with you" shows; that one is yours.',
    "One device for every one or two people; a phone will do. Drawing works best with a finger or a pen.",
    "Look at the projector: the light theme suits a bright room, the dark one a dim room (menu, Settings).",
    "If the internet may fail, run Inkling on your own machine. It works offline; without MNIST it trains on digits "
    "that it writes by itself, and says so.",
)


def _plan(text: str) -> tuple[Part, ...]:
    """The parts of a text: minutes and title in a line, indented below them what each field of a part says."""
    parts = []
    for entry in re.split(r"\n(?=\S)", text.strip("\n")):
        head, *fields = (re.sub("\n +", " ", line) for line in re.split(r"\n  (?=\S)", entry))
        minutes, _, title = head.partition(" ")
        show, do, pages, *talk = (field.partition(": ")[2] for field in fields)
        links = ((name, address) for name, _, address in (page.rpartition(" ") for page in pages.split(", ")))
        questions = tuple(zip(talk[::2], talk[1::2], strict=True))
        parts.append(Part(int(minutes), title, show, do, tuple(links), questions))
    return tuple(parts)


PLAN = _plan("""
5 It reads you
  Show: Draw a 7 on the projector, stroke by stroke, and let everyone see the ten bars move. Draw a scribble: the app
    says that it is no digit.
  Group: Everyone draws a few digits. Who can draw one that any child can read and the network cannot?
  Pages: Draw ./
  Q: Does it learn from what we draw?
  A: No. It was trained beforehand, and answering changes nothing in it. If you tap the right digit and press Teach, a
    copy of it learns, for you alone.
  Q: What does 97 % mean?
  A: Of all drawings of which it is that sure, about 97 in 100 are what it says. It is not a promise about this one.
5 What it sees
  Show: Open "How your drawing was prepared" and go through the steps: what is left are 28 by 28 numbers.
  Group: Draw very small, in a corner, with a thick pen. Then switch off one step of the preparation and draw again.
  Pages: Draw ./, The data learn?chapter=data
  Q: Why does it not matter where and how large I draw?
  A: Because the drawing is scaled and centred first, like the digits that the network learned from. Without that it
    would be confused.
7 How it sees
  Show: One filter sliding over a digit, then pooling. Then the Model page: the image becomes many small maps, then ten
    numbers.
  Group: Try each kernel. Which one shows only horizontal strokes? Which one blurs?
  Pages: Convolution learn?chapter=convolution, Max pooling learn?chapter=max_pooling, Model model
  Q: Who chose the filters?
  A: Nobody. They start as random numbers, and training changes them until the answers are right.
  Q: Is that how the brain does it?
  A: The idea came from there. But a neuron in the brain does far more than add up, and brains do not learn from 60,000
    labelled pictures.
10 Train your own
  Show: Press Train with the preset Fast and talk through what moves: loss, accuracy, and your own digit, which is read
    again and again.
  Group: Everyone writes down a guess of the accuracy, then presses Train. Runs take turns, and each shows its position
    in the queue: with thirty people the last one waits about five minutes, and this part allows for it.
  Pages: Train train, Epochs and batches learn?chapter=epochs
  Q: What is an epoch?
  A: One pass through all training images. Fast needs only one, because it takes large steps and looks at 128 images at
    a time.
  Q: Why does the loss jump about?
  A: Each point is measured on different images, and some batches are harder.
  Q: Why not 100 %?
  A: There are test digits on which even people disagree. Look at the wrong ones on the Evaluate page.
5 Does yours read you?
  Show: Draw, and choose your run under "answered by". Draw a 1 with a flag or a 7 with a bar.
  Group: Find a digit that the pretrained network reads and yours does not.
  Pages: Draw ./
  Q: Why 99 % on the test and then wrong on my 1?
  A: It learned from people who write a 1 as a plain stroke. The test only covers more of the same, and your handwriting
    is different. The pretrained network has also seen shapes from other countries.
8 Change one thing
  Show: One change to Script A, with a guess beforehand and the two curves afterwards. Say why only one thing is
    changed.
  Group: Groups of four. Each picks an improvement, says what will happen, presses Try it, sets the quick size, trains
    and compares on Runs with Script A at the same size.
  Pages: Improving Script A learn?chapter=improvements, Runs runs
  Q: Ours is 0.1 % better. Did it help?
  A: Nobody can say: another seed alone changes it as much. Two or three runs of each would tell more.
  Q: Why is it worse with all the advice together?
  A: Each piece is a brake against learning by heart, which hardly happens in five epochs on so many images. With all
    brakes on, the network does not get far.
5 What have we seen?
  Show: Training and validation loss of a run that overfits. Then back to Draw: what does the network know, what not?
  Group: Each group says one sentence: what surprised us. Those who want to go on open the path to a better model.
  Pages: Overfitting learn?chapter=overfitting, A better model than Script A learn?chapter=better_than_script_a,
    Glossary learn?chapter=glossary
  Q: Does it understand digits?
  A: It turns 784 numbers into ten. It cannot count, and it would take a letter for a digit, if a second network did not
    say that it is none.
  Q: Can I keep my network?
  A: Yes: on the Model page, as a file for Keras. "Take it with you" on Train brings the runs to another device.
""")


def times() -> list[tuple[int, int]]:
    """The first and the last minute of each part of the plan."""
    ends = [0, *accumulate(part.minutes for part in PLAN)]
    return list(pairwise(ends))


def markdown(address: str) -> str:
    """The whole plan as Markdown, to print.

    Args:
        address: the app's address, with a slash at the end; the links begin with it.
    """
    lines = [
        f"# Inkling: a workshop of {MINUTES} minutes",
        "",
        "A network learns to read handwritten digits, and the group finds out how. No previous knowledge is needed.",
        "",
        "## Before",
        "",
        *(f"- [ ] {point}" for point in PREPARE),
        "",
        f"The address for the group: {address}",
    ]
    for (start, end), part in zip(times(), PLAN, strict=True):
        lines += ["", f"## Minute {start} to {end}: {part.title}", ""]
        lines += [f"**Show.** {part.show}", "", f"**The group.** {part.do}", ""]
        pages = [f"{name} ({address}{path.removeprefix('./')})" for name, path in part.pages]
        lines += [f"**Where.** {', '.join(pages)}", ""]
        lines += [f"- **{question}** {answer}" for question, answer in part.questions]
    return "\n".join(lines) + "\n"
