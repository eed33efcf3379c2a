"""Images, labels, data sets and augmentation."""

from __future__ import annotations

from core.lessons.glossary.term import read_terms

TERMS = read_terms("""
Augmentation | chapter: improvements | synonyms: data augmentation
  = Changing the training images a little, at random, each time they are shown, so that the network learns what does not
    matter.
  ~ Practising penalty kicks in wind, in rain and with other balls.
Built-in handwriting | chapter: data | synonyms: handwriting, procedural digits
  = Digits that Inkling writes by itself, in the shapes used in different countries; they replace MNIST where it is
    missing, or are mixed in.
  ~ A flight simulator: not the sky, but always available, and enough to learn much about flying.
Channel | chapter: convolution | phrase: a channel
  = One of the layers of numbers that make up an image or a set of feature maps: grey has one, colour has three.
  ~ The separate microphones of one recording.
Class | chapter: one_hot | phrase: a class | synonyms: classes, classification
  = One of the answers to choose from; here there are ten, the digits 0 to 9.
  ~ One of the ten trays into which the mail is sorted.
Drawn digits | chapter: data | phrase: the accuracy on drawn digits | synonyms: drawn accuracy
  = Built-in digits drawn with an even pen in many styles; every model is tested on them too, after MNIST's test set.
  ~ A second driving test, in a town where the pupil has never practised.
Elastic bending | chapter: improvements | synonyms: elastic, elastic deformation
  = An augmentation that bends the image as if it were printed on rubber: neighbouring points move together, by up to
    the given number of pixels.
  ~ Writing on a balloon and pressing it here and there.
Label | chapter: one_hot | phrase: a label | synonyms: labels
  = The right answer for an image: the digit that it shows.
  ~ The solution on the back of a flash card.
MNIST | chapter: data | phrase: MNIST | synonyms: data set, dataset
  = 70,000 handwritten digits in grey, 28 pixels high and wide, collected in the United States around 1990; 60,000 are
    for training and 10,000 for testing.
  ~ The scales that every beginner plays, so that beginners can be compared.
Normalisation | chapter: scaling | synonyms: normalization, scaling
  = Bringing numbers to a common scale: pixels from 0 to 255 are divided by 255, and lie between 0 and 1.
  ~ Quoting all prices in one currency before comparing them.
One-hot encoding | chapter: one_hot | synonyms: one-hot
  = Writing a label as ten numbers, all 0 except for a 1 at the index of the right digit.
  ~ Ten light switches in a row, of which exactly one is on.
Pixel | chapter: data | phrase: a pixel
  = The smallest square of an image; in an image of 28\N{MULTIPLICATION SIGN}28 there are 784, each a number from 0
    (paper) to 255 (ink).
  ~ One tile of a mosaic.
Rotation | chapter: improvements
  = An augmentation that turns the image by up to the given number of degrees.
  ~ Tilting the page a little as you write.
Shear | chapter: improvements
  = An augmentation that slants the image, as italics slant letters, by up to the given number of degrees.
  ~ Pushing the top of a pack of cards sideways.
Shift | chapter: improvements | synonyms: translation
  = An augmentation that moves the image up, down or sideways by up to the given share of its side.
  ~ Writing a little too high or too far to the left on the line.
Tensor | chapter: scaling | phrase: a tensor | synonyms: array
  = A block of numbers with any number of dimensions: a row, a table, or a stack of tables.
  ~ A list, a sheet of squared paper, a pad of such sheets.
Test set | chapter: data | phrase: the test set | synonyms: test images, test accuracy
  = Images that are used only once, at the end, to measure how good a model is; MNIST has 10,000.
  ~ The exam paper, which stays in the sealed envelope until the day.
tf.data pipeline | chapter: improvements | phrase: a tf.data pipeline | synonyms: pipeline, tf.data
  = A way to prepare the next batches in the background while the network learns from this one.
  ~ A kitchen hand who chops the next vegetables while the cook fries these.
Thickness | chapter: improvements
  = An augmentation that makes lines thicker or thinner, by up to the given number of pixels on each side.
  ~ Writing with another pen.
Training set | chapter: data | phrase: the training set | synonyms: training images, training data
  = The images from which a network learns.
  ~ The exercises in the textbook, with their solutions.
Validation split | chapter: overfitting | phrase: a validation split | synonyms: validation, validation set, validation
    accuracy, validation loss
  = Training images that are held back: the network does not learn from them, and they show during the run how it does
    on new ones.
  ~ The mock exam before the real one.
Zoom | chapter: improvements
  = An augmentation that shrinks or enlarges the image by up to the given share, its height and width independently.
  ~ Writing now large and now small, or narrow and wide.
""")
