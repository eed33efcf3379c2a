"""Optimisers, schedules, regularisation and runs."""

from __future__ import annotations

from core.lessons.glossary.term import read_terms

TERMS = read_terms("""
Adam | chapter: optimizers | phrase: Adam
  = An optimiser that gives every weight its own step length, from running means of its gradients and of their squares.
  ~ A hiker who takes long strides on even ground and short ones where it is rough, with each foot on its own.
AdamW | chapter: optimizers | phrase: AdamW
  = Adam with weight decay: at each step, every weight is also pulled a little towards zero.
  ~ A hiker with a rubber band round the waist that pulls gently back home.
Backpropagation | chapter: optimizers | synonyms: backward pass
  = The calculation that goes from the loss back through the layers and finds each weight's share in it.
  ~ Tracing a wrong bill back from the till to everyone who mistyped a price, and by how much.
Batch | chapter: epochs | phrase: a batch
  = A small group of training images that the network looks at before its weights are changed once.
  ~ A tray of biscuits that goes into the oven at once.
Batch size | chapter: epochs | phrase: the batch size
  = How many images are in a batch: with more, steps are steadier, but there are fewer of them in an epoch.
  ~ How many people you ask before you change your mind.
Beta 1 and beta 2 | chapter: optimizers | phrase: a beta of Adam | synonyms: beta_1, beta_2, betas
  = How long Adam remembers gradients (beta 1) and their squares (beta 2): at 0.9 mostly the last 10 steps count, at
    0.999 the last 1,000.
  ~ How many past evenings count when you judge whether a restaurant is good.
Categorical cross-entropy | chapter: loss | synonyms: cross-entropy
  = The loss used here: minus the logarithm of the probability that the network gave to the right digit, averaged over
    the images.
  ~ A bet: you lose little if you put nearly everything on the winner, and more and more the less you put there.
Checkpoint | chapter: improvements | phrase: a checkpoint | synonyms: model checkpoint, BestCheckpoint,
    PeriodicCheckpoint
  = A copy of the weights that is saved during training, to resume from or to return to.
  ~ Saving the game before the hard part.
Convergence | chapter: epochs
  = The point in a training from which the loss hardly changes any more.
  ~ A marble that rolls about in a bowl and comes to rest.
Cosine schedule | chapter: optimizers | phrase: a cosine schedule | synonyms: cosine
  = A learning-rate schedule that falls slowly at first, then faster, and slowly again near the end, like half a wave.
  ~ A train that brakes softly, then firmly, then softly again as it reaches the platform.
Early stopping | chapter: improvements | synonyms: EarlyStopping
  = Ending a run when the watched value on validation images has not improved for some epochs.
  ~ Taking the cake out when the smell stops getting better, not when the clock says so.
Epoch | chapter: epochs | phrase: an epoch | synonyms: epochs
  = One pass through all training images.
  ~ Reading the whole textbook once, from cover to cover.
Epsilon
  = A tiny number that is added before a division, so that nothing is ever divided by zero.
  ~ A coin that always stays in the purse.
Fine-tuning | synonyms: teach, lesson, transfer learning
  = Continuing the training of a finished network, on a few images and with small steps; this is what Teach does.
  ~ A pianist learns a new song without having to learn the piano again.
Gradient | chapter: optimizers | phrase: a gradient | synonyms: gradients
  = For each weight, how the loss would change if the weight were made slightly larger.
  ~ The slope of the ground under your feet, which tells you where downhill is even in fog.
Gradient descent | chapter: optimizers
  = Training by many small steps: find the gradient, and move every weight a little against it.
  ~ Walking down a mountain in fog by always stepping where the ground falls.
Hyperparameter | chapter: trade_offs | phrase: a hyperparameter | synonyms: setting, hyperparameters
  = A setting that people choose before the training, such as the learning rate; the training does not change it.
  ~ The temperature of the oven: you set it, and the cake has no say.
L1 penalty | chapter: improvements | phrase: an L1 penalty | synonyms: L1, lasso
  = A penalty on the size of each weight, which is added to the loss and drives weights that are not needed to zero.
  ~ A fee for every item in your suitcase, so that what you do not need stays at home.
L2 penalty | chapter: improvements | phrase: an L2 penalty | synonyms: L2, ridge
  = A penalty on the square of each weight, which is added to the loss and keeps all weights small.
  ~ A tax that hardly touches small incomes and hits large ones hard.
Label smoothing | chapter: loss
  = Asking the network for a little less than full certainty, by taking a share from the right digit and giving it to
    all.
  ~ A teacher who prefers "almost certainly" to "never ever anything else".
Learning rate | chapter: optimizers | phrase: a learning rate
  = How far each step changes the weights: if it is too small, training takes for ever; if it is too large, training
    never settles.
  ~ The length of your stride on the way down a hill.
Learning-rate schedule | chapter: improvements | phrase: a learning-rate schedule | synonyms: schedule, learning rate
    schedule, constant
  = A plan by which the learning rate changes during a run.
  ~ Driving fast on the motorway and slowly into the parking space.
Loss | chapter: loss | phrase: a loss
  = One number for how wrong the answers are; training does nothing but make it smaller.
  ~ The number on a signpost that says how far you still have to go.
Minimum learning rate | chapter: optimizers | phrase: a minimum learning rate | synonyms: min_learning_rate
  = The value below which a schedule does not cut the learning rate.
  ~ The walking pace below which a car stalls.
Momentum | chapter: optimizers
  = Keeping a share of the last step in the next one, so that steps in the same direction add up.
  ~ A sledge that carries its speed over small bumps.
One cycle | chapter: improvements | synonyms: one-cycle, OneCycle
  = A learning-rate schedule that climbs to a peak and then falls to nearly nothing, once in the whole run.
  ~ Warming up, running hard, cooling down.
Optimiser | chapter: optimizers | phrase: an optimiser | synonyms: optimizer
  = The rule by which gradients become steps of the weights.
  ~ The guide who decides how to walk down once the slope is known.
Patience | chapter: improvements
  = For how many epochs without improvement early stopping, or a schedule, waits before it acts.
  ~ How many full buses you let pass before you walk.
Preset | chapter: better_than_script_a | phrase: a preset
  = A complete recipe that comes with Inkling, to train as it is or to change.
  ~ The programmes of a washing machine.
Recipe | chapter: better_than_script_a | phrase: a recipe
  = Everything that decides how a training goes: network, data, optimiser, epochs, seed and all the rest.
  ~ A cooking recipe: the same ingredients and steps give the same dish.
Reduce on plateau | chapter: improvements | phrase: reducing on a plateau | synonyms: ReduceLROnPlateau, factor
  = A learning-rate schedule that cuts the rate by a factor whenever the watched value has stopped improving.
  ~ Changing to a finer file when the coarse one takes nothing more off.
Regularisation | chapter: improvements | synonyms: regularization
  = Whatever makes it harder to learn by heart, and so helps on new images: dropout, penalties on weights, augmentation.
  ~ Rules that forbid notes in the exam, so that people learn to understand.
Restoring the best | chapter: improvements | synonyms: restore best, restore_best
  = Keeping the weights of a run's best epoch instead of those of its last.
  ~ Handing in your best photograph, not the one you took last.
Rho | chapter: optimizers
  = How long RMSprop remembers squared gradients: at 0.9, mostly the last 10 steps count.
  ~ How long a bruise reminds you to tread carefully.
RMSprop | chapter: optimizers | phrase: RMSprop
  = An optimiser that divides each weight's step by the recent size of its gradients.
  ~ A volume control that turns loud passages down and quiet ones up.
Run | chapter: better_than_script_a | phrase: a run | synonyms: runs
  = One training with a recipe, from start to end, with its curves and the model that it produces.
  ~ One cake baked by a recipe; bake again, and it is another cake.
Seed | chapter: better_than_script_a | phrase: a seed
  = The number that decides everything random in a run: the same seed gives the same random numbers.
  ~ A shuffled pack of cards whose order you wrote down, so that you can deal the same game again.
SGD | chapter: optimizers | phrase: SGD | synonyms: stochastic gradient descent
  = Stochastic gradient descent: gradient descent in which each step sees only one batch, picked at random.
  ~ Finding the way downhill by asking a few passers-by at each corner, not the whole town.
Step | chapter: epochs | phrase: a step | synonyms: steps
  = One change of all weights, after one batch; 60,000 images in batches of 32 are 1,875 steps.
  ~ One stroke of the oars, of the many that cross the lake.
Warm-up | chapter: optimizers | phrase: a warm-up | synonyms: warmup
  = The first part of a run, in which the learning rate climbs from small to large.
  ~ The first laps at an easy pace, before the muscles are warm.
Watched value | chapter: improvements | phrase: the watched value | synonyms: monitor, watches
  = The value on validation images, loss or accuracy, by which a run decides when to stop, when to cut the learning
    rate, or which epoch is the best.
  ~ The thermometer that tells the heating when to switch off.
Weight decay | chapter: optimizers | synonyms: weight_decay
  = At each step every weight is made smaller by a fixed share, so that only what is learned again and again remains.
  ~ Paths in the grass: those that nobody walks grow over.
""")
