"""Layers and what they consist of."""

from __future__ import annotations

from core.lessons.glossary.term import read_terms

TERMS = read_terms("""
Activation | chapter: relu | phrase: an activation | synonyms: activation function, linear
  = The function that a layer applies to each of its sums before it passes them on; without it, many layers could do no
    more than one.
  ~ A doorman who decides how much of each message goes through.
Average pooling | chapter: max_pooling | synonyms: AveragePooling2D
  = Pooling that keeps the mean of each small window.
  ~ A class reports its average mark instead of its best.
Batch normalisation | synonyms: batch normalization, BatchNormalization, batch norm
  = A layer that shifts and scales each channel so that over a batch it has mean 0 and spread 1, and then lets training
    choose a scale and shift of its own.
  ~ Singers who are tuned to the same pitch and volume before each verse.
Bias | chapter: parameters | phrase: a bias
  = A number that a neuron or filter adds to its sum, whatever the input is.
  ~ The fixed fee on a bill, which you pay before anything is counted.
Convolution | chapter: convolution | phrase: a convolution | synonyms: Conv2D, convolutional layer, CNN
  = A small filter slides over the image, and at every position the pixels under it are multiplied by its weights and
    added up.
  ~ Moving a stencil across a page and noting at each place how well the ink fits the holes.
Dense layer | chapter: dense | phrase: a dense layer | synonyms: fully connected layer, Dense
  = A layer in which every neuron is connected to every number of the layer before.
  ~ A jury in which every member hears every witness.
Dropout | chapter: improvements | synonyms: dropout rate
  = A layer that, while training, sets a random share of its inputs to zero at each step, so that the network cannot
    rely on any single one.
  ~ A team that trains with some players missing each time, until nobody is indispensable.
Feature map | chapter: convolution | phrase: a feature map | synonyms: feature maps
  = What one filter found: an image in which each number says how strongly the filter's pattern is present at that
    position.
  ~ A map of a town on which only the bakeries are marked.
Filter | chapter: convolution | phrase: a filter | synonyms: filters
  = The weights of a convolution that look for one pattern; a layer with 32 filters puts out 32 feature maps.
  ~ A sieve that lets one size of grain through and holds back the rest.
Flatten | chapter: flatten | phrase: Flatten
  = Writing all feature maps as one long row of numbers, which a dense layer can take.
  ~ Unpicking a knitted square into one long thread.
Global average pooling | chapter: max_pooling | synonyms: GlobalAveragePooling2D
  = A layer that replaces each feature map by its mean, a single number.
  ~ Describing each photograph by how bright it is on the whole.
Kernel | chapter: convolution | phrase: a kernel | synonyms: kernel size, kernel_size
  = The small square of weights that a convolution slides over the image, such as 3\N{MULTIPLICATION SIGN}3.
  ~ The glass of a magnifier, which shows a little of the page at a time.
Layer | chapter: convolution | phrase: a layer | synonyms: layers, architecture
  = One stage of a network, which takes numbers, does one thing to them and passes on the result.
  ~ One station of an assembly line.
Logits | chapter: softmax | phrase: a logit | synonyms: logit
  = The ten numbers that the last layer computes before softmax turns them into probabilities.
  ~ The judges' raw points, before they become medals.
Max pooling | chapter: max_pooling | synonyms: MaxPooling2D
  = Pooling that keeps the largest value of each small window.
  ~ A team's result that counts only its best jump.
Model | chapter: script_a | phrase: a model | synonyms: network
  = A network together with the weights that it has learned.
  ~ A recipe book in which all the quantities have already been filled in.
Multiply-adds | chapter: trade_offs | phrase: a multiply-add | synonyms: MACs, multiply-accumulate
  = How many multiplications, each followed by an addition, a network needs for one image: a measure of work that does
    not depend on the machine.
  ~ The number of bricks a wall takes, whoever lays them.
Neural network | chapter: script_a | phrase: a neural network
  = Layers of simple calculations, one after the other, whose weights are learned from examples.
  ~ An orchestra whose players each have an easy part, and together play a symphony.
Neuron | chapter: parameters | phrase: a neuron | synonyms: unit, units, neurons
  = A calculation that multiplies its inputs by weights, adds them up with a bias and applies an activation.
  ~ A voter who weighs each argument and then raises a hand more or less high.
Padding | chapter: convolution
  = A border of zeros around the image, so that a convolution reaches its edges and the output stays as large ("same");
    without it ("valid") the output shrinks.
  ~ The margin of a page, which leaves room for the hand that writes near the edge.
Parameter | chapter: parameters | phrase: a parameter | synonyms: parameters
  = A number inside the network that training sets: every weight and every bias is one.
  ~ A knob on a very large mixing desk.
Pooling | chapter: max_pooling | synonyms: pool size, pool_size
  = Replacing each small window of a feature map by one number, so that maps become smaller and little shifts stop
    mattering.
  ~ Looking at a newspaper picture from farther away.
ReLU | chapter: relu | phrase: ReLU | synonyms: rectified linear unit
  = An activation that keeps what is positive and makes the rest zero.
  ~ A one-way gate: forwards you pass, backwards you do not.
Softmax | chapter: softmax
  = The last activation: it turns any ten numbers into ten probabilities that add up to 1, and the largest stays the
    largest.
  ~ Turning the points of ten parties into shares of the whole parliament.
Stride | chapter: convolution | phrase: a stride | synonyms: strides
  = How many pixels the kernel moves at a time; with a stride of 2 the output is half as high and wide.
  ~ Climbing stairs two at a time.
Weight | chapter: parameters | phrase: a weight | synonyms: weights
  = A number by which an input is multiplied; what a network knows is in its weights.
  ~ How much you trust each of your friends when you ask them for advice.
""")
