"""What a model answers, how good it is, and how its answers are explained."""

from __future__ import annotations

from core.lessons.glossary.term import read_terms

TERMS = read_terms("""
Accuracy | chapter: loss
  = The share of images whose likeliest digit is the right one.
  ~ A school test marked by counting right answers only, however sure the pupil was.
Calibration | chapter: softmax
  = How well a network's certainty fits the facts: of all answers given with 90 % certainty, nine in ten should be
    right.
  ~ Of ten days with a forecast of \N{LEFT DOUBLE QUOTATION MARK}70 % chance of rain\N{RIGHT DOUBLE QUOTATION MARK},
    seven should be wet.
Confidence interval | chapter: improvements | phrase: a 95 % interval | synonyms: 95 % interval, interval, margin of
    error
  = The range in which the true accuracy is likely to lie, because a test set is only a sample: with 10,000 images and
    99 % it is about 0.2 % to either side.
  ~ An election poll that gives its margin of error.
Confusion matrix | phrase: a confusion matrix
  = A table that counts, for each true digit in a row, as which digit in the columns it was read.
  ~ A record of which twin was mistaken for which, and how often.
F1 | phrase: F1 | synonyms: F1 score
  = One figure for precision and recall together: their harmonic mean, which is high only if both are.
  ~ A pair of rowers, whose boat is about as fast as the weaker of them.
Generalisation | chapter: overfitting | synonyms: generalization
  = Being right on images that were not in the training set.
  ~ Solving a sum that was not in the book.
Grad-CAM | phrase: Grad-CAM | synonyms: gradcam, class activation map
  = A picture of which regions of the last feature maps raised the score of a digit, found from gradients.
  ~ Lighting the parts of a stage that the audience applauded.
Occlusion
  = Covering one small part of an image after another and seeing how much the answer suffers.
  ~ Holding a thumb over a photograph to find out which feature you know your friend by.
Overfitting | chapter: overfitting
  = Learning the training images by heart instead of what they have in common: the network gets better and better on
    them, but not on new ones.
  ~ A pupil who knows last year's answers by heart and fails this year's exam.
Precision
  = Of all images that were read as a certain digit, the share that are that digit.
  ~ How many of the mushrooms in your basket are really edible.
Prediction | chapter: softmax | phrase: a prediction | synonyms: inference, argmax, forward pass
  = The answer for an image: ten probabilities, and the digit with the largest.
  ~ A guess with stakes on each of ten horses.
Probability | chapter: softmax | phrase: a probability | synonyms: probabilities, certainty
  = A number from 0 to 1 for how likely an answer is; a network's ten add up to 1.
  ~ One cake, cut into ten pieces of different size.
Recall
  = Of all images of a certain digit, the share that were read as that digit.
  ~ How many of the edible mushrooms in the wood you have found.
Temperature | chapter: softmax
  = A number by which logits are divided before softmax, so that certainty fits the facts: above 1 answers become more
    careful, and the likeliest digit stays the same.
  ~ Water in strong syrup: the taste gets milder, and it is still raspberry.
Underfitting | chapter: overfitting
  = Not having learned enough even for the training images: the network is too small, or was trained too little.
  ~ A pupil who has only read the headings.
""")
