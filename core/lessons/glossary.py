"""The glossary: what each word means that a control or a page uses, and which of them a recipe's setting asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True)
class Term:
    """A word of the field.

    Attributes:
        name: the word, as it is written at the head of its entry.
        means: what it means, in one sentence.
        like: something from everyday life that it resembles, in one sentence.
        chapter: name of the chapter of Learn that shows it; "" where none does.
        asked: how the word stands in "What is ...?".
        others: other words under which it is found.
    """

    name: str
    means: str
    like: str
    chapter: str
    asked: str
    others: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The word as a part of an address: "One-hot encoding" gives one-hot-encoding."""
        return _key(self.name)

    @property
    def question(self) -> str:
        """What a link to it says: "What is a learning rate?"."""
        return f"What is {self.asked}?"


def _key(word: str) -> str:
    return "-".join(re.findall("[a-z0-9]+", word.lower()))


_TERMS = (
    Term(
        "Accuracy",
        "The share of images whose likeliest digit is the right one.",
        "A school test marked by counting right answers only, however sure the pupil was.",
        "loss",
        "accuracy",
    ),
    Term(
        "Activation",
        "What a layer does to each of its sums before it hands them on; without it, many layers could do no more than "
        "one.",
        "A doorman who decides how much of each message goes through.",
        "relu",
        "an activation",
        ("activation function", "linear"),
    ),
    Term(
        "Adam",
        "An optimiser that gives every weight its own step length, from running means of its gradients and of their "
        "squares.",
        "A hiker who takes long strides on even ground and short ones where it is rough, each foot by itself.",
        "optimizers",
        "Adam",
    ),
    Term(
        "AdamW",
        "Adam with weight decay: besides learning, every weight is pulled a little towards zero at each step.",
        "A hiker like Adam's, with a rubber band round the waist that pulls gently home.",
        "optimizers",
        "AdamW",
    ),
    Term(
        "Augmentation",
        "Changing the training images a little and by chance each time they are shown, so that the network learns what "
        "does not matter.",
        "Practising penalty kicks in wind, in rain and with other balls.",
        "improvements",
        "augmentation",
        ("data augmentation",),
    ),
    Term(
        "Average pooling",
        "Pooling that keeps the mean of each small window.",
        "A class reports its average mark instead of its best.",
        "max_pooling",
        "average pooling",
        ("AveragePooling2D",),
    ),
    Term(
        "Backpropagation",
        "The calculation that goes from the loss back through the layers and finds each weight's share in it.",
        "A wrong bill is traced back from the till to whoever mistyped the price, and how much of the error is theirs.",
        "optimizers",
        "backpropagation",
        ("backward pass",),
    ),
    Term(
        "Batch",
        "The handful of training images that is looked at together before the weights are changed once.",
        "A tray of biscuits that goes into the oven at once.",
        "epochs",
        "a batch",
    ),
    Term(
        "Batch normalisation",
        "A layer that shifts and scales each channel so that over a batch it has mean 0 and spread 1, and then lets "
        "training choose a scale and shift of its own.",
        "Singers who are tuned to the same pitch and volume before each verse.",
        "",
        "batch normalisation",
        ("batch normalization", "BatchNormalization", "batch norm"),
    ),
    Term(
        "Batch size",
        "How many images are in a batch: with more, steps are steadier, but there are fewer of them in an epoch.",
        "How many people you ask before you change your mind.",
        "epochs",
        "the batch size",
    ),
    Term(
        "Beta 1 and beta 2",
        "How long Adam remembers gradients (beta 1) and their squares (beta 2): at 0.9 mostly the last 10 steps count, "
        "at 0.999 the last 1,000.",
        "How many past evenings count when you judge whether a restaurant is good.",
        "optimizers",
        "a beta of Adam",
        ("beta_1", "beta_2", "betas"),
    ),
    Term(
        "Bias",
        "A number that a neuron or filter adds to its sum, whatever the input is.",
        "The fixed fee on a bill, which you pay before anything is counted.",
        "parameters",
        "a bias",
    ),
    Term(
        "Built-in handwriting",
        "Digits that Inkling writes by itself, in the shapes in which different countries write them; it stands in for "
        "MNIST, or is mixed in.",
        "A flight simulator: not the sky, but enough to learn much of flying, and always there.",
        "data",
        "built-in handwriting",
        ("handwriting", "procedural digits"),
    ),
    Term(
        "Calibration",
        "How well a network's certainty fits the facts: of all answers given with 90 %, nine in ten should be right.",
        "A weather forecaster is well calibrated if it rains on seven of ten days that were announced with 70 %.",
        "softmax",
        "calibration",
    ),
    Term(
        "Categorical cross-entropy",
        "The loss used here: minus the logarithm of the probability that the network gave to the right digit, as a "
        "mean over the images.",
        "A bet: you lose little if you put nearly everything on the winner, and more and more the less you put there.",
        "loss",
        "categorical cross-entropy",
        ("cross-entropy",),
    ),
    Term(
        "Channel",
        "One of the layers of numbers that make up an image or a set of feature maps: grey has one, colour has three.",
        "The separate microphones of one recording.",
        "convolution",
        "a channel",
    ),
    Term(
        "Checkpoint",
        "A copy of the weights that is kept on the way, to go on from or to come back to.",
        "Saving the game before the hard part.",
        "improvements",
        "a checkpoint",
        ("model checkpoint", "BestCheckpoint", "PeriodicCheckpoint"),
    ),
    Term(
        "Class",
        "One of the answers to choose from; here there are ten, the digits 0 to 9.",
        "One of the ten trays into which the mail is sorted.",
        "one_hot",
        "a class",
        ("classes", "classification"),
    ),
    Term(
        "Confidence interval",
        "The range in which the true accuracy is likely to lie, because a test set is only a sample: with 10,000 "
        "images and 99 % it is about 0.2 % to either side.",
        "An election poll that gives its margin of error.",
        "improvements",
        "a 95 % interval",
        ("95 % interval", "interval", "margin of error"),
    ),
    Term(
        "Confusion matrix",
        "A table that counts, for each true digit in a row, as which digit in the columns it was read.",
        "A record of which twin was taken for which, and how often.",
        "",
        "a confusion matrix",
    ),
    Term(
        "Convergence",
        "The point in a training from which the loss hardly changes any more.",
        "A marble that rolls about in a bowl and comes to rest.",
        "epochs",
        "convergence",
    ),
    Term(
        "Convolution",
        "A small filter slides over the image, and at every place the pixels below it are multiplied by its weights "
        "and added up.",
        "Moving a stencil across a page and noting at each place how well the ink fits the holes.",
        "convolution",
        "a convolution",
        ("Conv2D", "convolutional layer", "CNN"),
    ),
    Term(
        "Cosine schedule",
        "A learning-rate schedule that sinks slowly at first, then faster, and slowly again near the end, like half a "
        "wave.",
        "A train that brakes softly, then firmly, then softly again as it reaches the platform.",
        "optimizers",
        "a cosine schedule",
        ("cosine",),
    ),
    Term(
        "Dense layer",
        "A layer in which every neuron is connected to every number of the layer before.",
        "A jury in which every member hears every witness.",
        "dense",
        "a dense layer",
        ("fully connected layer", "Dense"),
    ),
    Term(
        "Drawn digits",
        "Built-in digits drawn with an even pen in many styles; every model is tested on them too, after MNIST's test "
        "set.",
        "A second driving test, in a town where the pupil has not practised.",
        "data",
        "the accuracy on drawn digits",
        ("drawn accuracy",),
    ),
    Term(
        "Dropout",
        "A layer that, while training, sets a random share of its inputs to zero at each step, so that the network "
        "cannot rely on any single one.",
        "A team that trains with some players missing each time, until nobody is indispensable.",
        "improvements",
        "dropout",
        ("dropout rate",),
    ),
    Term(
        "Early stopping",
        "Ending a run when the watched value on validation images has not improved for some epochs.",
        "Taking the cake out when the smell stops getting better, not when the clock says so.",
        "improvements",
        "early stopping",
        ("EarlyStopping",),
    ),
    Term(
        "Elastic bending",
        "An augmentation that bends the image as if it were on rubber: neighbouring points move together, by up to so "
        "many pixels.",
        "Writing on a balloon and pressing it here and there.",
        "improvements",
        "elastic bending",
        ("elastic", "elastic deformation"),
    ),
    Term(
        "Epoch",
        "One pass through all training images.",
        "Reading the whole textbook once, from cover to cover.",
        "epochs",
        "an epoch",
        ("epochs",),
    ),
    Term(
        "Epsilon",
        "A tiny number that is added before a division, so that nothing is ever divided by zero.",
        "A coin that always stays in the purse.",
        "",
        "epsilon",
    ),
    Term(
        "F1",
        "One figure for precision and recall together, their harmonic mean, which is high only if both are.",
        "A pair of rowers, whose boat is about as fast as the weaker of them.",
        "",
        "F1",
        ("F1 score",),
    ),
    Term(
        "Feature map",
        "What one filter found: an image in which each number says how strongly the filter's pattern is present at "
        "that place.",
        "A map of a town on which only the bakeries are marked.",
        "convolution",
        "a feature map",
        ("feature maps",),
    ),
    Term(
        "Filter",
        "The weights of a convolution that look for one pattern; a layer with 32 filters puts out 32 feature maps.",
        "A sieve that lets one size of grain through and holds back the rest.",
        "convolution",
        "a filter",
        ("filters",),
    ),
    Term(
        "Fine-tuning",
        "Training a network that has already learned a little further, on few images and with small steps; this is "
        "what Teach does.",
        "A pianist learns a new song, and need not learn the piano again.",
        "",
        "fine-tuning",
        ("teach", "lesson", "transfer learning"),
    ),
    Term(
        "Flatten",
        "Writing all feature maps as one long row of numbers, which a dense layer can take.",
        "Unpicking a knitted square into one long thread.",
        "flatten",
        "Flatten",
    ),
    Term(
        "Generalisation",
        "Being right on images that were not in the training.",
        "Solving a sum that was not in the book.",
        "overfitting",
        "generalisation",
        ("generalization",),
    ),
    Term(
        "Global average pooling",
        "A layer that replaces each feature map by its mean, a single number.",
        "Describing each photograph by how bright it is on the whole.",
        "max_pooling",
        "global average pooling",
        ("GlobalAveragePooling2D",),
    ),
    Term(
        "Grad-CAM",
        "A picture of which regions of the last feature maps raised the score of a digit, found from gradients.",
        "Lighting the parts of a stage that the audience applauded.",
        "",
        "Grad-CAM",
        ("gradcam", "class activation map"),
    ),
    Term(
        "Gradient",
        "For each weight, how the loss would change if the weight were made slightly larger.",
        "The slope of the ground under your feet, which tells you where downhill is even in fog.",
        "optimizers",
        "a gradient",
        ("gradients",),
    ),
    Term(
        "Gradient descent",
        "Training by many small steps: find the gradient, and move every weight a little against it.",
        "Walking down a mountain in fog by always stepping where the ground falls.",
        "optimizers",
        "gradient descent",
    ),
    Term(
        "Hyperparameter",
        "A setting that people choose before the training, such as the learning rate; the training does not change it.",
        "The temperature of the oven: you set it, and the cake has no say in it.",
        "trade_offs",
        "a hyperparameter",
        ("setting", "hyperparameters"),
    ),
    Term(
        "Kernel",
        "The small square of weights that a convolution slides over the image, such as 3\N{MULTIPLICATION SIGN}3.",
        "The glass of a magnifier, which shows a little of the page at a time.",
        "convolution",
        "a kernel",
        ("kernel size", "kernel_size"),
    ),
    Term(
        "L1 penalty",
        "A price on the size of each weight, which is added to the loss and drives weights that are not needed to "
        "zero.",
        "A fee for every item in your suitcase, so that what you do not need stays at home.",
        "improvements",
        "an L1 penalty",
        ("L1", "lasso"),
    ),
    Term(
        "L2 penalty",
        "A price on the square of each weight, which is added to the loss and keeps all weights small.",
        "A tax that hardly touches small incomes and hits large ones hard.",
        "improvements",
        "an L2 penalty",
        ("L2", "ridge"),
    ),
    Term(
        "Label",
        "The right answer that belongs to an image: which digit it shows.",
        "The solution on the back of a flash card.",
        "one_hot",
        "a label",
        ("labels",),
    ),
    Term(
        "Label smoothing",
        "Asking the network for a little less than full certainty, by taking a share from the right digit and giving "
        "it to all.",
        'A teacher who prefers "almost certainly" to "never ever anything else".',
        "loss",
        "label smoothing",
    ),
    Term(
        "Layer",
        "One stage of a network, which takes numbers, does one thing to them and hands on the result.",
        "One station of an assembly line.",
        "convolution",
        "a layer",
        ("layers", "architecture"),
    ),
    Term(
        "Learning rate",
        "How far each step changes the weights: too small takes for ever, too large never settles.",
        "The length of your stride on the way down a hill.",
        "optimizers",
        "a learning rate",
    ),
    Term(
        "Learning-rate schedule",
        "A plan by which the learning rate changes in the course of a run.",
        "Driving fast on the motorway and slowly into the parking space.",
        "improvements",
        "a learning-rate schedule",
        ("schedule", "learning rate schedule", "constant"),
    ),
    Term(
        "Logits",
        "The ten numbers that the last layer computes before softmax makes probabilities of them.",
        "The judges' raw points, before they become medals.",
        "softmax",
        "a logit",
        ("logit",),
    ),
    Term(
        "Loss",
        "One number for how wrong the answers are; training does nothing but make it smaller.",
        "The number on a signpost that says how far you still have to go.",
        "loss",
        "a loss",
    ),
    Term(
        "Max pooling",
        "Pooling that keeps the largest value of each small window.",
        "A team's result that counts only its best jump.",
        "max_pooling",
        "max pooling",
        ("MaxPooling2D",),
    ),
    Term(
        "Minimum learning rate",
        "The value below which a schedule does not cut the learning rate.",
        "The walking pace below which a car stalls.",
        "optimizers",
        "a minimum learning rate",
        ("min_learning_rate",),
    ),
    Term(
        "MNIST",
        "70,000 handwritten digits in grey, 28 pixels high and wide, collected in the United States around 1990; "
        "60,000 are for training and 10,000 for testing.",
        "The scales that every beginner plays, so that beginners can be compared.",
        "data",
        "MNIST",
        ("data set", "dataset"),
    ),
    Term(
        "Model",
        "A network together with the weights that it has learned.",
        "A recipe book in which somebody has already filled in all the quantities.",
        "script_a",
        "a model",
        ("network",),
    ),
    Term(
        "Momentum",
        "Keeping a share of the last step in the next one, so that steps in the same direction add up.",
        "A sledge that carries its speed over small bumps.",
        "optimizers",
        "momentum",
    ),
    Term(
        "Multiply-adds",
        "How many multiplications with an addition one image costs in a network: a measure of work that does not "
        "depend on the machine.",
        "The number of bricks a wall takes, whoever lays them.",
        "trade_offs",
        "a multiply-add",
        ("MACs", "multiply-accumulate"),
    ),
    Term(
        "Neural network",
        "Layers of simple calculations, one after the other, whose weights are learned from examples.",
        "An orchestra whose players hold easy parts, and together play a symphony.",
        "script_a",
        "a neural network",
    ),
    Term(
        "Neuron",
        "A calculation that multiplies its inputs by weights, adds them up with a bias and applies an activation.",
        "A voter who weighs each argument and then raises a hand more or less high.",
        "parameters",
        "a neuron",
        ("unit", "units", "neurons"),
    ),
    Term(
        "Normalisation",
        "Bringing numbers to a common scale: pixels from 0 to 255 are divided by 255, and lie between 0 and 1.",
        "Quoting all prices in one currency before comparing them.",
        "scaling",
        "normalisation",
        ("normalization", "scaling"),
    ),
    Term(
        "Occlusion",
        "Covering a small part of an image and seeing how much the answer suffers, part after part.",
        "Holding a thumb over a photograph to find out which feature you know your friend by.",
        "",
        "occlusion",
    ),
    Term(
        "One cycle",
        "A learning-rate schedule that climbs to a peak and then sinks to nearly nothing, once in the whole run.",
        "Warming up, running hard, cooling down.",
        "improvements",
        "one cycle",
        ("one-cycle", "OneCycle"),
    ),
    Term(
        "One-hot encoding",
        "Writing a label as ten numbers, all 0 but for a 1 at the place of the right digit.",
        "Ten light switches in a row, of which exactly one is on.",
        "one_hot",
        "one-hot encoding",
        ("one-hot",),
    ),
    Term(
        "Optimiser",
        "The rule by which gradients become steps of the weights.",
        "The guide who decides how to walk down once the slope is known.",
        "optimizers",
        "an optimiser",
        ("optimizer",),
    ),
    Term(
        "Overfitting",
        "Learning the training images by heart instead of what they have in common; they are read better and better, "
        "and new ones are not.",
        "A pupil who knows last year's answers by heart and fails this year's exam.",
        "overfitting",
        "overfitting",
    ),
    Term(
        "Padding",
        "A border of zeros around the image, so that a convolution reaches its edges and the output stays as large "
        '("same"); without it ("valid") the output shrinks.',
        "The margin of a page, which leaves room for the hand that writes near the edge.",
        "convolution",
        "padding",
    ),
    Term(
        "Parameter",
        "A number inside the network that training sets: every weight and every bias is one.",
        "A knob on a very large mixing desk.",
        "parameters",
        "a parameter",
        ("parameters",),
    ),
    Term(
        "Patience",
        "For how many epochs without improvement early stopping, or a schedule, waits before it acts.",
        "How many empty buses you let pass before you walk.",
        "improvements",
        "patience",
    ),
    Term(
        "Pixel",
        "The smallest square of an image; in an image of 28\N{MULTIPLICATION SIGN}28 there are 784, each a number from "
        "0 (paper) to 255 (ink).",
        "One tile of a mosaic.",
        "data",
        "a pixel",
    ),
    Term(
        "Pooling",
        "Replacing each small window of a feature map by one number, so that maps become smaller and little shifts "
        "stop mattering.",
        "Looking at a newspaper picture from farther away.",
        "max_pooling",
        "pooling",
        ("pool size", "pool_size"),
    ),
    Term(
        "Precision",
        "Of all images that were read as a certain digit, the share that are that digit.",
        "How many of the mushrooms in your basket are really edible.",
        "",
        "precision",
    ),
    Term(
        "Prediction",
        "The answer for an image: ten probabilities, and the digit with the largest.",
        "A guess with stakes on each of ten horses.",
        "softmax",
        "a prediction",
        ("inference", "argmax", "forward pass"),
    ),
    Term(
        "Preset",
        "A complete recipe that Inkling brings along, to train as it stands or to change.",
        "The programmes of a washing machine.",
        "better_than_script_a",
        "a preset",
    ),
    Term(
        "Probability",
        "A number from 0 to 1 for how likely an answer is; a network's ten add up to 1.",
        "One cake, cut into ten pieces of different size.",
        "softmax",
        "a probability",
        ("probabilities", "certainty"),
    ),
    Term(
        "Recall",
        "Of all images of a certain digit, the share that were read as that digit.",
        "How many of the edible mushrooms in the wood you have found.",
        "",
        "recall",
    ),
    Term(
        "Recipe",
        "Everything that decides what a training does: network, data, optimiser, epochs, seed and all the rest.",
        "A cooking recipe: the same ingredients and steps give the same dish.",
        "better_than_script_a",
        "a recipe",
    ),
    Term(
        "Reduce on plateau",
        "A learning-rate schedule that cuts the rate by a factor whenever the watched value has stopped improving.",
        "Changing to a finer file when the coarse one takes nothing more off.",
        "improvements",
        "reducing on a plateau",
        ("ReduceLROnPlateau", "factor"),
    ),
    Term(
        "Regularisation",
        "Whatever makes it harder to learn by heart and so helps on new images: dropout, penalties on weights, "
        "augmentation.",
        "Rules that forbid notes in the exam, so that people learn to understand.",
        "improvements",
        "regularisation",
        ("regularization",),
    ),
    Term(
        "ReLU",
        "An activation that keeps what is positive and makes the rest zero.",
        "A one-way gate: forwards you pass, backwards you do not.",
        "relu",
        "ReLU",
        ("rectified linear unit",),
    ),
    Term(
        "Restoring the best",
        "Taking, at the end of a run, the weights of its best epoch and not those of its last.",
        "Handing in your best photograph, not the one you took last.",
        "improvements",
        "restoring the best",
        ("restore best", "restore_best"),
    ),
    Term(
        "Rho",
        "How long RMSprop remembers squared gradients: at 0.9, mostly the last 10 steps count.",
        "How long a bruise reminds you to tread carefully.",
        "optimizers",
        "rho",
    ),
    Term(
        "RMSprop",
        "An optimiser that divides each weight's step by the recent size of its gradients.",
        "A volume control that turns loud passages down and quiet ones up.",
        "optimizers",
        "RMSprop",
    ),
    Term(
        "Rotation",
        "An augmentation that turns the image by up to so many degrees.",
        "Tilting the page a little as you write.",
        "improvements",
        "rotation",
    ),
    Term(
        "Run",
        "One training by a recipe, from its start to its end, with its curves and the model that it leaves.",
        "One cake baked by a recipe; bake again, and it is another cake.",
        "better_than_script_a",
        "a run",
        ("runs",),
    ),
    Term(
        "Seed",
        "The number from which all chance in a run is drawn: same seed, same chance.",
        "A shuffled pack of cards whose order you wrote down, so that you can deal the same game again.",
        "better_than_script_a",
        "a seed",
    ),
    Term(
        "SGD",
        "Stochastic gradient descent: gradient descent in which each step sees only one batch, picked by chance.",
        "Finding the way downhill by asking a few passers-by at each corner, not the whole town.",
        "optimizers",
        "SGD",
        ("stochastic gradient descent",),
    ),
    Term(
        "Shear",
        "An augmentation that slants the image, as italics slant letters, by up to so many degrees.",
        "Pushing the top of a pack of cards sideways.",
        "improvements",
        "shear",
    ),
    Term(
        "Shift",
        "An augmentation that moves the image up, down or sideways by up to a share of its side.",
        "Writing a little too high or too far to the left on the line.",
        "improvements",
        "shift",
        ("translation",),
    ),
    Term(
        "Softmax",
        "The last activation: it turns any ten numbers into ten probabilities that add up to 1, the largest still the "
        "largest.",
        "Turning the points of ten parties into shares of the whole parliament.",
        "softmax",
        "softmax",
    ),
    Term(
        "Step",
        "One change of all weights, after one batch; 60,000 images in batches of 32 are 1,875 steps.",
        "One stroke of the oars, of the many that cross the lake.",
        "epochs",
        "a step",
        ("steps",),
    ),
    Term(
        "Stride",
        "How many pixels the kernel moves at a time; with a stride of 2 the output is half as high and wide.",
        "Climbing stairs two at a time.",
        "convolution",
        "a stride",
        ("strides",),
    ),
    Term(
        "Temperature",
        "A number by which logits are divided before softmax, so that certainty fits the facts: above 1 answers become "
        "more careful, and the likeliest digit stays the same.",
        "Water in strong syrup: the taste gets milder, and it is still raspberry.",
        "softmax",
        "temperature",
    ),
    Term(
        "Tensor",
        "A block of numbers with any number of sides: a row, a table, or a stack of tables.",
        "A list, a sheet of squared paper, a pad of such sheets.",
        "scaling",
        "a tensor",
        ("array",),
    ),
    Term(
        "Test set",
        "Images that are looked at only once, at the end, to measure how good a model is; MNIST has 10,000.",
        "The exam paper, which stays in the sealed envelope until the day.",
        "data",
        "the test set",
        ("test images", "test accuracy"),
    ),
    Term(
        "tf.data pipeline",
        "A way to prepare the next batches in the background while the network learns from this one.",
        "A kitchen hand who chops the next vegetables while the cook fries these.",
        "improvements",
        "a tf.data pipeline",
        ("pipeline", "tf.data"),
    ),
    Term(
        "Thickness",
        "An augmentation that makes lines thicker or thinner, by up to so many pixels on each side.",
        "Writing with another pen.",
        "improvements",
        "thickness",
    ),
    Term(
        "Training set",
        "The images from which a network learns.",
        "The exercises in the textbook, with their solutions.",
        "data",
        "the training set",
        ("training images", "training data"),
    ),
    Term(
        "Underfitting",
        "Not having learned enough even for the training images: the network is too small, or was trained too little.",
        "A pupil who has only read the headings.",
        "overfitting",
        "underfitting",
    ),
    Term(
        "Validation split",
        "Training images that are held back: the network does not learn from them, and they show during the run how it "
        "does on new ones.",
        "The mock exam before the real one.",
        "overfitting",
        "a validation split",
        ("validation", "validation set", "validation accuracy", "validation loss"),
    ),
    Term(
        "Warm-up",
        "The first part of a run, in which the learning rate climbs from small to large.",
        "The first laps at an easy pace, before the muscles are warm.",
        "optimizers",
        "a warm-up",
        ("warmup",),
    ),
    Term(
        "Watched value",
        "The value on validation images, loss or accuracy, by which a run decides when to stop, when to cut the "
        "learning rate, or which epoch is the best.",
        "The thermometer that tells the heating when to switch off.",
        "improvements",
        "the watched value",
        ("monitor", "watches"),
    ),
    Term(
        "Weight",
        "A number by which an input is multiplied; what a network knows lies in its weights.",
        "How much you trust each of your friends when you ask them for advice.",
        "parameters",
        "a weight",
        ("weights",),
    ),
    Term(
        "Weight decay",
        "At each step every weight is made smaller by a fixed share, so that only what is learned again and again "
        "stays.",
        "Paths in the grass: those that nobody walks grow over.",
        "optimizers",
        "weight decay",
        ("weight_decay",),
    ),
    Term(
        "Zoom",
        "An augmentation that shrinks or enlarges the image by up to a share, its height and width each by itself.",
        "Writing now large and now small, or narrow and wide.",
        "improvements",
        "zoom",
    ),
)

TERMS = {term.key: term for term in sorted(_TERMS, key=lambda term: term.name.lower())}
_FOUND = {_key(word): term for term in _TERMS for word in (*term.others, term.name)}

# The term that a setting asks for, by the setting's class and its field; "" is the class itself.
_ASKED = {
    "Recipe": {
        "": "Recipe",
        "version": "Recipe",
        "name": "Recipe",
        "network": "Neural network",
        "data": "Training set",
        "batch_size": "Batch size",
        "epochs": "Epoch",
        "optimizer": "Optimiser",
        "schedule": "Learning-rate schedule",
        "label_smoothing": "Label smoothing",
        "l1": "L1 penalty",
        "l2": "L2 penalty",
        "augmentation": "Augmentation",
        "early_stopping": "Early stopping",
        "checkpoint": "Checkpoint",
        "pipeline": "tf.data pipeline",
        "seed": "Seed",
    },
    "Data": {
        "": "Training set",
        "source": "MNIST",
        "size": "Training set",
        "validation": "Validation split",
        "handwriting": "Built-in handwriting",
    },
    "Adam": {
        "": "Adam",
        "learning_rate": "Learning rate",
        "beta_1": "Beta 1 and beta 2",
        "beta_2": "Beta 1 and beta 2",
    },
    "AdamW": {
        "": "AdamW",
        "learning_rate": "Learning rate",
        "beta_1": "Beta 1 and beta 2",
        "beta_2": "Beta 1 and beta 2",
        "weight_decay": "Weight decay",
    },
    "SGD": {"": "SGD", "learning_rate": "Learning rate", "momentum": "Momentum"},
    "RMSprop": {"": "RMSprop", "learning_rate": "Learning rate", "rho": "Rho"},
    "Constant": {"": "Learning-rate schedule"},
    "OneCycle": {"": "One cycle", "warmup": "Warm-up"},
    "Cosine": {"": "Cosine schedule"},
    "ReduceLROnPlateau": {
        "": "Reduce on plateau",
        "monitor": "Watched value",
        "factor": "Reduce on plateau",
        "patience": "Patience",
        "min_learning_rate": "Minimum learning rate",
    },
    "EarlyStopping": {
        "": "Early stopping",
        "monitor": "Watched value",
        "patience": "Patience",
        "restore_best": "Restoring the best",
    },
    "BestCheckpoint": {"": "Checkpoint", "monitor": "Watched value"},
    "PeriodicCheckpoint": {"": "Checkpoint", "epochs": "Epoch"},
    "Augmentation": {
        "": "Augmentation",
        "rotation": "Rotation",
        "shift": "Shift",
        "zoom": "Zoom",
        "shear": "Shear",
        "elastic": "Elastic bending",
        "thickness": "Thickness",
    },
    "Conv2D": {
        "": "Convolution",
        "filters": "Filter",
        "kernel_size": "Kernel",
        "strides": "Stride",
        "padding": "Padding",
        "activation": "Activation",
        "use_bias": "Bias",
    },
    "MaxPooling2D": {"": "Max pooling", "pool_size": "Pooling"},
    "AveragePooling2D": {"": "Average pooling", "pool_size": "Pooling"},
    "GlobalAveragePooling2D": {"": "Global average pooling"},
    "Flatten": {"": "Flatten"},
    "Dense": {"": "Dense layer", "units": "Neuron", "activation": "Activation", "use_bias": "Bias"},
    "Dropout": {"": "Dropout", "rate": "Dropout"},
    "BatchNormalization": {"": "Batch normalisation", "momentum": "Momentum", "epsilon": "Epsilon"},
    "ReLU": {"": "ReLU"},
    "Softmax": {"": "Softmax"},
}
_TAGS = ("kind", "layer")  # fields that say which class a value is of


def find(word: str) -> Term | None:
    """The term for a word as a person writes it, or None: in any case, by any of its names, with blanks or hyphens."""
    return _FOUND.get(_key(word))


def term_of(owner: type[BaseModel], field: str = "") -> Term:
    """The term that explains a setting.

    Args:
        owner: a class that a recipe is made of, such as `Recipe`, `Adam`, `Augmentation` or `Conv2D`.
        field: one of its fields; the class itself where it is left out.
    """
    return TERMS[_key(_ASKED[owner.__name__]["" if field in _TAGS else field])]
