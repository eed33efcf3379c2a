"""Scripts A and B, line by line: the code, and what each line does in plain words.

The scripts are our own plain Keras versions of what the two teaching texts do. Joined, the lines are a whole program
that trains the network of the preset with the same name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScriptLine:
    """A line of code.

    Attributes:
        code: the line, without its line break.
        explanation: what it does, in a few sentences; "" for an empty line.
        terms: names of terms in the glossary that help.
    """

    code: str
    explanation: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A script, and the key of the preset that trains the same network."""

    preset: str
    lines: tuple[ScriptLine, ...]

    @property
    def source(self) -> str:
        """The whole script as Python code."""
        return "".join(f"{line.code}\n" for line in self.lines)


def _script(preset: str, text: str) -> Script:
    """A script from its text: after each line of code "| " and what it does, with its terms in brackets at the end."""
    lines: list[list[str]] = []
    for line in text.strip("\n").splitlines():
        if line.startswith("| "):
            lines[-1].append(line[2:])
        else:
            lines.append([line])
    return Script(preset, tuple(_line(code, " ".join(explained)) for code, *explained in lines))


def _line(code: str, explained: str) -> ScriptLine:
    explanation, _, terms = explained.removesuffix("]").rpartition(" [")
    return ScriptLine(code, explanation, tuple(terms.split("; ")) if terms else ())


SCRIPT_A = _script(
    "script-a",
    """
import keras
| Keras is a library for building and training neural networks. It includes layers, optimisers and the digits. [Neural
| network]
from keras import layers
| The layers are used often below, so they get a short name. [Layer]

digits = keras.datasets.mnist.load_data()
| Fetches MNIST: 70,000 handwritten digits. They are downloaded the first time, 11 MB; after that they are on this
| machine. [MNIST]
(train_images, train_labels), (test_images, test_labels) = digits
| Unpacks them: 60,000 images to learn from and 10,000 to be tested on. The labels say which digit each image shows.
| [Training set; Test set; Label]
train_images = train_images.reshape(-1, 28, 28, 1)
| Gives the numbers a shape: as many images as there are (-1), each 28 rows of 28 pixels, and one number per pixel. A
| convolution needs that last 1: it is the channel, grey. [Tensor; Channel; Pixel]
test_images = test_images.reshape(-1, 28, 28, 1)
| The same for the test images. Whatever is done to the images that a network learns from must also be done to those
| that it is tested on. [Tensor; Test set]
train_images = train_images.astype("float32") / 255
| A pixel is a whole number from 0 to 255. As a fraction from 0 to 1 it suits the small weights with which a network
| begins, and learning is stable. [Normalisation; Pixel]
test_images = test_images.astype("float32") / 255
| The same scale for the test images; otherwise they would look 255 times too bright. [Normalisation]
train_labels = keras.utils.to_categorical(train_labels)
| Each label becomes ten numbers, all 0 except for a 1 at the digit's index: 3 becomes 0 0 0 1 0 0 0 0 0 0. That is
| exactly the answer that the network should give. [One-hot encoding; Label]
test_labels = keras.utils.to_categorical(test_labels)
| The same for the labels of the test images. [One-hot encoding]

model = keras.Sequential([
| The network is a stack: each layer takes the output of the one before it. The layers follow, one per line. [Neural
| network; Layer; Model]
    keras.Input((28, 28, 1)),
| The input: one image, 28\N{MULTIPLICATION SIGN}28 pixels, one channel. From this Keras works out all other sizes.
| [Tensor; Channel]
    layers.Conv2D(32, 3, activation="relu"),
| 32 filters of 3\N{MULTIPLICATION SIGN}3 slide over the image; each learns to find one small pattern, such as an edge.
| The output is 26\N{MULTIPLICATION SIGN}26\N{MULTIPLICATION SIGN}32: the kernel cannot reach over the edge, so the
| sides lose two. ReLU turns negative numbers into zero. It has 320 parameters: 9 weights and a bias for each filter.
| [Convolution; Filter; Kernel; ReLU]
    layers.MaxPooling2D(),
| Of every 2\N{MULTIPLICATION SIGN}2 values only the largest stays:
| 13\N{MULTIPLICATION SIGN}13\N{MULTIPLICATION SIGN}32. That is a quarter of the numbers, and a digit moved by a pixel
| looks almost the same. Nothing is learned here: 0 parameters. [Max pooling]
    layers.Conv2D(64, 3, activation="relu"),
| 64 filters look at all 32 maps at once, and find patterns of patterns: corners, arcs, ends of lines. The output is
| 11\N{MULTIPLICATION SIGN}11\N{MULTIPLICATION SIGN}64; 18,496 parameters, as each filter now has
| 3\N{MULTIPLICATION SIGN}3\N{MULTIPLICATION SIGN}32 weights. [Convolution; Feature map]
    layers.MaxPooling2D(),
| Halves the sides once more: 5\N{MULTIPLICATION SIGN}5\N{MULTIPLICATION SIGN}64. Eleven is odd, so the last row and
| column are left out. Still 0 parameters. [Max pooling]
    layers.Conv2D(64, 3, activation="relu"),
| A third convolution, 3\N{MULTIPLICATION SIGN}3\N{MULTIPLICATION SIGN}64. One number here sees most of the digit: 18 by
| 18 pixels of the image. 36,928 parameters. [Convolution]
    layers.Flatten(),
| Writes the small maps as one row of 576 numbers, which the next layer can take. 0 parameters. [Flatten]
    layers.Dense(64, activation="relu"),
| 64 neurons, each connected to all 576 numbers, weigh the patterns against each other. 36,928 parameters; that this is
| the same number as two layers before is chance. [Dense layer; Neuron; Weight]
    layers.Dense(10, activation="softmax"),
| Ten neurons, one for each digit. Softmax turns their sums into ten probabilities that add up to 1. 650 parameters.
| [Softmax; Probability; Logits]
])
| The network is complete: 93,322 parameters, still random. It can answer now, but it only guesses. [Parameter]

model.compile(
| Before it can learn, a network must be told three things, which follow. [Hyperparameter]
    optimizer="adam",
| How to change the weights: by Adam, with its usual learning rate of 0.001. [Adam; Optimiser; Learning rate]
    loss="categorical_crossentropy",
| What to make small: the loss. It is large where the right digit got a small probability. [Categorical cross-entropy;
| Loss]
    metrics=["accuracy"],
| What else to report: the share of right answers. It is for us; the training follows only the loss. [Accuracy]
)
| Nothing has been learned yet; only the rules are set. [Hyperparameter]

model.fit(
| Now it learns: look at a batch, find the gradients, change all weights a little, and so on. No batch size is named
| here, so Keras takes 32: 1,875 steps in each epoch. [Batch size; Step; Backpropagation]
    train_images,
| The images to learn from. [Training set]
    train_labels,
| The right answer for each of them. [Label]
    epochs=5,
| It sees all 60,000 images five times, in a new order each time. [Epoch]
    validation_data=(test_images, test_labels),
| After each epoch it is tested on images that it does not learn from. Script A uses the test images for this. That does
| no harm as long as nobody chooses anything by the result; otherwise, hold back a part of the training images instead.
| [Validation split; Test set; Overfitting]
)
| On two cores without a graphics card this takes about a minute and a half. [Convergence]

loss, accuracy = model.evaluate(test_images, test_labels)
| The final test: loss and accuracy on the 10,000 test images. [Test set; Loss; Accuracy]
print(f"Test accuracy: {accuracy:.3f}")
| Prints it with three decimals. Expect about 0.990; another run differs in the third, because weights and order are
| random. [Accuracy; Confidence interval; Seed]
model.summary()
| Prints the table of layers with their output shapes and parameters. Inkling shows it on the Model page. [Parameter;
| Layer]
""",
)

SCRIPT_B = _script(
    "script-b",
    """
import random
| Python's random numbers, to pick a test image at the end. [Test set]

import keras
| The library that builds and trains the network. [Neural network]
import matplotlib.pyplot as plt
| A library that draws pictures; here it shows one digit. [Pixel]
from keras import layers
| A short name for the layers. [Layer]

digits = keras.datasets.mnist.load_data()
| Fetches the 70,000 digits of MNIST, first from the internet, later from this machine's disk. [MNIST]
(train_images, train_labels), (test_images, test_labels) = digits
| 60,000 images with their labels to learn from, 10,000 to try the network on. [Training set; Test set; Label]
train_images = train_images.reshape(-1, 28, 28, 1)
| Each image as 28 rows of 28 pixels with one channel, grey. The -1 means: as many images as there are. [Tensor;
| Channel]
test_images = test_images.reshape(-1, 28, 28, 1)
| The same for the test images. [Tensor]
train_images = train_images.astype("float32") / 255
| Whole numbers from 0 to 255 become fractions from 0 to 1. float32 says that each takes four bytes. [Normalisation;
| Pixel]
test_images = test_images.astype("float32") / 255
| The same scale for the test images. [Normalisation]
train_labels = keras.utils.to_categorical(train_labels)
| A label such as 7 becomes ten numbers, of which only the one at index 7 is 1. As a plain number, an 8 would count as
| nearly a 9, although they do not look alike. [One-hot encoding; Class]
test_labels = keras.utils.to_categorical(test_labels)
| The same for the test labels. This script does not use them again; they are there in case you want to measure the
| accuracy. [One-hot encoding]

model = keras.Sequential([
| A stack of layers, each fed by the one before. [Layer; Model]
    keras.Input((28, 28, 1)),
| One image: 28\N{MULTIPLICATION SIGN}28 pixels, one channel. [Tensor; Channel]
    layers.Conv2D(32, 3, activation="relu"),
| The only convolution: 32 filters of 3\N{MULTIPLICATION SIGN}3 look for edges and strokes. The output is
| 26\N{MULTIPLICATION SIGN}26\N{MULTIPLICATION SIGN}32 numbers; 320 parameters. [Convolution; Filter; ReLU]
    layers.MaxPooling2D(),
| Keeps the largest of every 2\N{MULTIPLICATION SIGN}2: 13\N{MULTIPLICATION SIGN}13\N{MULTIPLICATION SIGN}32. 0
| parameters. [Max pooling]
    layers.Flatten(),
| One long row of 5,408 numbers. Only the index in the row still tells what was above or beside what. 0 parameters.
| [Flatten]
    layers.Dense(100, activation="relu"),
| 100 neurons, each connected to all 5,408 numbers: 540,900 parameters, nearly all that the network has. With one
| convolution only, this layer has to do most of the work. [Dense layer; Neuron; Parameter]
    layers.Dense(10, activation="softmax"),
| One neuron for each digit; softmax turns their sums into probabilities. 1,010 parameters. [Softmax; Probability]
])
| 542,230 parameters: almost six times as many as Script A has, and yet it reads a little worse. Where the weights are
| matters more than how many there are. [Parameter]

model.compile(
| How it is to learn: [Hyperparameter]
    optimizer=keras.optimizers.SGD(learning_rate=0.01, momentum=0.9),
| Plain steps downhill, of length 0.01 times the slope. With a momentum of 0.9 each step keeps nine tenths of the one
| before, so that steps in one direction add up to ten times as much. [SGD; Learning rate; Momentum]
    loss="categorical_crossentropy",
| What to make small: minus the logarithm of the probability that the right digit got. [Categorical cross-entropy; Loss]
    metrics=["accuracy"],
| What else to report: the share of right answers. [Accuracy]
)
| The rules are set; nothing has been learned yet. [Hyperparameter]

model.fit(train_images, train_labels, epochs=10, batch_size=32)
| Ten times through all 60,000 images, 32 at a time: 18,750 steps. Nothing is held back for validation, so the printed
| accuracy is for images that it learns from, and nobody sees whether it overfits. [Epoch; Batch size; Overfitting;
| Validation split]

index = random.randrange(len(test_images))
| Picks one of the 10,000 test images at random. [Test set]
image = test_images[index]
| That image: 28\N{MULTIPLICATION SIGN}28 pixels, one channel. [Tensor]
plt.imshow(image.reshape(28, 28), cmap="gray")
| Draws it in grey: 0 black, 1 white. The picture needs rows and columns only, so the channel goes. [Pixel]
plt.show()
| Opens a window with the picture, and waits until it is closed. [Pixel]
probabilities = model.predict(image.reshape(1, 28, 28, 1))[0]
| Asks the network. It always takes a batch, so this is a batch of one image, and [0] takes the first and only answer:
| ten probabilities. [Prediction; Batch; Probability]
digit = probabilities.argmax()
| The index of the largest of the ten. As the first index is 0, it is the digit itself. [Prediction]
print(f"The network reads a {digit}.")
| Prints it, to be compared with the picture. The Train page does the same at the end of every run. [Prediction]
""",
)

SCRIPTS = {script.preset: script for script in (SCRIPT_A, SCRIPT_B)}
