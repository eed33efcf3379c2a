"""A workshop of 45 minutes with Inkling, minute by minute, as data and as text to print."""

from __future__ import annotations

from dataclasses import dataclass

MINUTES = 45


@dataclass(frozen=True)
class Question:
    """What people ask, or should be asked, and an answer."""

    asked: str
    answer: str


@dataclass(frozen=True)
class Part:
    """A part of the workshop.

    Attributes:
        minutes: how long it takes.
        title: what it is about.
        show: what the teacher shows.
        do: what the group does.
        pages: where: the name of a page or chapter, and its address within the app.
        questions: to ask or to be ready for.
    """

    minutes: int
    title: str
    show: str
    do: str
    pages: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]


PREPARE = (
    "Open Draw and then Train a quarter of an hour before. A free deployment sleeps when nobody visits it, and Train "
    "starts TensorFlow, which takes ten seconds and more on a small server.",
    "Train Script A yourself (a minute and a half), so that there is a finished run to show and to compare with.",
    "Hand out the address below, on the board or as a QR code. It carries no secret: everyone who opens it gets a "
    'workspace of their own. Do not hand out what "Take it with you" shows; that one is yours.',
    "One device for one or two people; a phone will do. Drawing works best with a finger or a pen.",
    "Look at the projector: the light theme suits a bright room, the dark one a dim room (menu, Settings).",
    "If the internet may fail, run Inkling on your own machine. It works unplugged; without MNIST it trains on digits "
    "that it writes by itself, and says so.",
)

PLAN = (
    Part(
        5,
        "It reads you",
        "Draw a 7 on the projector, stroke by stroke, and let all see the ten bars move. Draw a scribble: it declines.",
        "Everyone draws a few digits. Who can draw one that any child reads and the network does not?",
        (("Draw", "./"),),
        (
            Question(
                "Does it learn from what we draw?",
                "No. It was trained beforehand, and answering changes nothing in it. Only who taps the right digit and "
                "presses Teach gets a copy that learns, for themselves alone.",
            ),
            Question(
                "What does 97 % mean?",
                "Of all drawings that it is so sure of, about 97 in 100 are what it says. It is not a promise about "
                "this one.",
            ),
        ),
    ),
    Part(
        5,
        "What it gets to see",
        'Open "How your drawing was prepared" and go through the steps: 28 by 28 numbers are left.',
        "Draw very small, in a corner, with a thick pen. Then switch a step of the preparation off and draw again.",
        (("Draw", "./"), ("The data", "learn?chapter=data")),
        (
            Question(
                "Why does it not matter where and how large one draws?",
                "Because the drawing is scaled and centred first, as those were that it learned from. The network "
                "itself would be confused.",
            ),
        ),
    ),
    Part(
        7,
        "How it sees",
        "One filter sliding over a digit, then pooling. Then the Model page: the image becomes many small maps, then "
        "ten numbers.",
        "Try each kernel. Which one shows only horizontal strokes? Which one blurs?",
        (
            ("Convolution", "learn?chapter=convolution"),
            ("Max pooling", "learn?chapter=max_pooling"),
            ("Model", "model"),
        ),
        (
            Question(
                "Who chose the filters?",
                "Nobody. They start as random numbers, and training changes them until the answers are right.",
            ),
            Question(
                "Is that how the brain does it?",
                "The idea came from there. But a neuron of the brain is far more than a sum, and brains do not learn "
                "by 60,000 labelled pictures.",
            ),
        ),
    ),
    Part(
        10,
        "Train your own",
        "Press Train with the preset Fast and talk through what moves: loss, accuracy, the own digit that is read "
        "again and again.",
        "Everyone writes down a guess of the accuracy, then presses Train. Runs go one after the other, and each sees "
        "its place: with thirty people the last one waits about five minutes, which is what this part has time for.",
        (("Train", "train"), ("Epochs and batches", "learn?chapter=epochs")),
        (
            Question(
                "What is an epoch?",
                "Once through all training images. Fast needs a single one, as it takes large steps and looks at 128 "
                "images at a time.",
            ),
            Question(
                "Why does the loss jump about?",
                "Each point is measured on other images, and some batches are harder.",
            ),
            Question(
                "Why not 100 %?",
                "Some of the test digits even people cannot agree upon. Look at the wrong ones on the Evaluate page.",
            ),
        ),
    ),
    Part(
        5,
        "Does yours read you?",
        'Draw, and choose your run under "answered by". Draw a 1 with a flag or a 7 with a bar.',
        "Find a digit that the pretrained network reads and yours does not.",
        (("Draw", "./"),),
        (
            Question(
                "Why 99 % on the test and then wrong on my 1?",
                "It learned from people who write a 1 as a plain stroke. A test tells about more of the same, and your "
                "hand is not the same. The pretrained network has seen the shapes of other countries too.",
            ),
        ),
    ),
    Part(
        8,
        "Change one thing",
        "One change of Script A, with its guess beforehand and its two curves afterwards. Say why only one thing is "
        "changed.",
        "Groups of four. Each picks an improvement, says what will happen, presses Try it, sets the quick size, trains "
        "and compares on Runs with Script A at the same size.",
        (("Improving Script A", "learn?chapter=improvements"), ("Runs", "runs")),
        (
            Question(
                "Ours is 0.1 % better. Did it help?",
                "That cannot be said: another seed alone moves it as much. Two or three runs each would tell more.",
            ),
            Question(
                "Why is all advice together worse?",
                "Each of them is a brake against learning by heart, and five epochs on many images hardly do that. "
                "With all brakes on, it does not get far.",
            ),
        ),
    ),
    Part(
        5,
        "What have we seen?",
        "Training and validation loss of a run that overfits. Then back to the board: what does it know, and what not?",
        "Each group says one sentence: what surprised us. Who wants to go on opens the path to a better model.",
        (
            ("Overfitting", "learn?chapter=overfitting"),
            ("A better model than Script A", "learn?chapter=better_than_script_a"),
            ("Glossary", "learn?chapter=glossary"),
        ),
        (
            Question(
                "Does it understand digits?",
                "It turns 784 numbers into ten. It cannot count, and to it a letter "
                "would be one more digit, if a second network did not say that it is none.",
            ),
            Question(
                "Can I keep my network?",
                'Yes: on the Model page, as a file for Keras. "Take it with you" on Train brings the runs to another '
                "device.",
            ),
        ),
    ),
)


def times() -> list[tuple[int, int]]:
    """From which minute to which each part of the plan goes."""
    ends = [sum(part.minutes for part in PLAN[: place + 1]) for place in range(len(PLAN))]
    return [(end - part.minutes, end) for part, end in zip(PLAN, ends, strict=True)]


def markdown(address: str) -> str:
    """The whole plan as a Markdown text to print.

    Args:
        address: of the app, with a slash at its end; the links begin with it.
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
        lines += [f"**Where.** {', '.join(f'{name} ({at(address, path)})' for name, path in part.pages)}", ""]
        for question in part.questions:
            lines += [f"- **{question.asked}** {question.answer}"]
    return "\n".join(lines) + "\n"


def at(address: str, path: str) -> str:
    """The address of a page of the plan."""
    return address + path.removeprefix("./")
