"""The plan of a workshop of 45 minutes with Inkling, minute by minute, as Markdown."""

from __future__ import annotations

import re

MINUTES = 45

PREPARE = """
- Open Draw and then Train a quarter of an hour before. A free deployment sleeps when nobody visits it, and Train
  starts TensorFlow, which takes ten seconds or more on a small server.
- Train Script A yourself (a minute and a half), so that there is a finished run to show and to compare with.
- Hand out the address below, on the board or as a QR code. It carries no secret: everyone who opens it gets a
  workspace of their own. Do not hand out what "Take it with you" shows; that one is yours.
- One device for every one or two people; a phone will do. Drawing works best with a finger or a pen.
- Look at the projector: the light theme suits a bright room, the dark one a dim room (menu, Settings).
- If the internet may fail, run Inkling on your own machine. It works offline; without MNIST it trains on digits that
  it writes by itself, and says so.
"""

PLAN = """
## Minute 0 to 5: It reads you

**Show.** Draw a 7 on the projector, stroke by stroke, and let everyone see the ten bars move. Draw a scribble: the app
says that it is no digit.

**The group.** Everyone draws a few digits. Who can draw one that any child can read and the network cannot?

**Where.** [Draw](./)

- **Does it learn from what we draw?** No. It was trained beforehand, and answering changes nothing in it. If you tap
  the right digit and press Teach, a copy of it learns, for you alone.
- **What does 97 % mean?** Of all drawings of which it is that sure, about 97 in 100 are what it says. It is not a
  promise about this one.

## Minute 5 to 10: What it sees

**Show.** Open "How your drawing was prepared" and go through the steps: what is left are 28 by 28 numbers.

**The group.** Draw very small, in a corner, with a thick pen. Then switch off one step of the preparation and draw
again.

**Where.** [Draw](./), [The data](learn?chapter=data)

- **Why does it not matter where and how large I draw?** Because the drawing is scaled and centred first, like the
  digits that the network learned from. Without that it would be confused.

## Minute 10 to 17: How it sees

**Show.** One filter sliding over a digit, then pooling. Then the Model page: the image becomes many small maps, then
ten numbers.

**The group.** Try each kernel. Which one shows only horizontal strokes? Which one blurs?

**Where.** [Convolution](learn?chapter=convolution), [Max pooling](learn?chapter=max_pooling), [Model](model)

- **Who chose the filters?** Nobody. They start as random numbers, and training changes them until the answers are
  right.
- **Is that how the brain does it?** The idea came from there. But a neuron in the brain does far more than add up, and
  brains do not learn from 60,000 labelled pictures.

## Minute 17 to 27: Train your own

**Show.** Press Train with the preset Fast and talk through what moves: loss, accuracy, and your own digit, which is
read again and again.

**The group.** Everyone writes down a guess of the accuracy, then presses Train. Runs take turns, and each shows its
position in the queue: with thirty people the last one waits about five minutes, and this part allows for it.

**Where.** [Train](train), [Epochs and batches](learn?chapter=epochs)

- **What is an epoch?** One pass through all training images. Fast needs only one, because it takes large steps and
  looks at 128 images at a time.
- **Why does the loss jump about?** Each point is measured on different images, and some batches are harder.
- **Why not 100 %?** There are test digits on which even people disagree. Look at the wrong ones on the Evaluate page.

## Minute 27 to 32: Does yours read you?

**Show.** Draw, and choose your run under "answered by". Draw a 1 with a flag or a 7 with a bar.

**The group.** Find a digit that the pretrained network reads and yours does not.

**Where.** [Draw](./)

- **Why 99 % on the test and then wrong on my 1?** It learned from people who write a 1 as a plain stroke. The test
  only covers more of the same, and your handwriting is different. The pretrained network has also seen shapes from
  other countries.

## Minute 32 to 40: Change one thing

**Show.** One change to Script A, with a guess beforehand and the two curves afterwards. Say why only one thing is
changed.

**The group.** Groups of four. Each picks an improvement, says what will happen, presses Try it, sets the quick size,
trains and compares on Runs with Script A at the same size.

**Where.** [Improving Script A](learn?chapter=improvements), [Runs](runs)

- **Ours is 0.1 % better. Did it help?** Nobody can say: another seed alone changes it as much. Two or three runs of
  each would tell more.
- **Why is it worse with all the advice together?** Each piece is a brake against learning by heart, which hardly
  happens in five epochs on so many images. With all brakes on, the network does not get far.

## Minute 40 to 45: What have we seen?

**Show.** Training and validation loss of a run that overfits. Then back to Draw: what does the network know, what not?

**The group.** Each group says one sentence: what surprised us. Those who want to go on open the path to a better
model.

**Where.** [Overfitting](learn?chapter=overfitting),
[A better model than Script A](learn?chapter=better_than_script_a), [Glossary](learn?chapter=glossary)

- **Does it understand digits?** It turns 784 numbers into ten. It cannot count, and it would take a letter for a
  digit, if a second network did not say that it is none.
- **Can I keep my network?** Yes: on the Model page, as a file for Keras. "Take it with you" on Train brings the runs
  to another device.
"""


def printed(address: str) -> str:
    """The whole plan as Markdown, to print.

    Args:
        address: the app's address, with a slash at the end; the links begin with it.
    """
    plan = re.sub(r"\[(.+?)\]\((?:\./)?(.*?)\)", lambda link: f"{link[1]} ({address}{link[2]})", PLAN)
    return (
        f"# Inkling: a workshop of {MINUTES} minutes\n\n"
        "A network learns to read handwritten digits, and the group finds out how. No previous knowledge is needed.\n\n"
        f"## Before\n{PREPARE}\nThe address for the group: {address}\n{plan}"
    )
