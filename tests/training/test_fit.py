import dataclasses
import io
import threading
import time
import zipfile
from itertools import count, pairwise

import keras
import numpy as np
import pytest

from core.digits.augmentation import Augmentation
from core.digits.dataset import Dataset, drawn_digits
from core.insight.metrics import accuracy, cross_entropy
from core.networks.history import BatchProgress
from core.networks.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D
from core.networks.model import read_model
from core.networks.network import Network
from core.networks.recipe import (
    SGD,
    AdamW,
    BestCheckpoint,
    Cosine,
    EarlyStopping,
    OneCycle,
    Recipe,
    ReduceLROnPlateau,
    RMSprop,
)
from core.training import fit as fitting
from core.training import keras_models
from core.training.checkpoint import Checkpoint, EpochProgress, Paused
from core.training.fit import TrainingDiverged, fit
from tests.training import tiny

RECIPE = tiny.RECIPE


@pytest.fixture(scope="module")
def data():
    return tiny.data()


def changed(**settings) -> Recipe:
    return RECIPE.model_copy(update=settings)


def curve(trained):
    return [(result.loss, result.accuracy, result.validation_loss) for result in trained.history]


def test_a_run_learns_reports_and_is_evaluated(data):
    reports = []
    trained = fit(RECIPE, data, reports.append)
    assert [type(report) for report in reports].count(EpochProgress) == 3
    assert trained.history[-1].loss < 0.6 * trained.history[0].loss
    scores = trained.model.scores
    assert scores.test_accuracy > 0.5
    assert (scores.kept_epoch, scores.kept_because, scores.epochs) == (3, "last epoch", 3)
    assert scores.test_accuracy == np.mean(trained.test_probabilities.argmax(1) == data.test.labels)
    assert not trained.was_stopped


def test_the_numpy_model_answers_as_the_keras_file_does_and_survives_its_file(data, tmp_path):
    trained = fit(changed(epochs=1), data)
    (tmp_path / "model.keras").write_bytes(trained.keras_file)
    keras_model = keras.models.load_model(tmp_path / "model.keras")
    images = data.test.images.astype(np.float32)[..., None] / 255
    expected = keras_model.predict(images, verbose=0)
    model = read_model(trained.model.to_bytes())
    np.testing.assert_allclose(model.network.probabilities(model.weights, data.test.images), expected, atol=1e-5)
    np.testing.assert_allclose(trained.test_probabilities, model.probabilities(data.test.images), atol=1e-5)
    assert "Total params" in model.summary
    assert "Param #" in model.summary


@pytest.mark.parametrize("pipeline", ["arrays", "tf.data"])
def test_same_recipe_and_seed_give_the_same_curve_and_weights_in_either_pipeline(data, pipeline):
    augmentation = Augmentation(rotation=10.0, shift=0.1, zoom=0.1, shear=5.0)
    first = fit(changed(augmentation=augmentation, pipeline="arrays"), data)
    second = fit(changed(augmentation=augmentation, pipeline=pipeline), data)
    assert curve(first) == curve(second)
    for name, weights in first.model.weights.items():
        np.testing.assert_array_equal(weights, second.model.weights[name])


def test_the_temperature_makes_the_answers_to_the_validation_images_as_likely_as_can_be(data):
    model = fit(changed(epochs=2), data).model
    raw = model.network.probabilities(model.weights, data.validation.images)
    calibrated = model.probabilities(data.validation.images)
    assert model.scores.temperature != 1
    np.testing.assert_array_equal(calibrated.argmax(1), raw.argmax(1))
    assert cross_entropy(calibrated, data.validation.labels) < cross_entropy(raw, data.validation.labels)


def test_nothing_is_fitted_on_the_test_set_even_where_a_recipe_is_validated_on_it(data):
    recipe = changed(epochs=1, data=RECIPE.data.model_copy(update={"validation": "test"}))
    assert fit(recipe, dataclasses.replace(data, validation=data.test)).model.scores.temperature == 1


def test_without_validation_images_the_answers_stay_as_they_are(data):
    without = dataclasses.replace(data, validation=None)
    recipe = changed(epochs=1, data=RECIPE.data.model_copy(update={"validation": "none"}))
    assert fit(recipe, without).model.scores.temperature == 1


def test_a_run_measures_how_many_drawn_digits_it_reads(data):
    model = fit(changed(epochs=2), data).model
    drawn = drawn_digits()
    assert model.scores.drawn_accuracy == pytest.approx(accuracy(model.probabilities(drawn.images), drawn.labels))


def test_a_run_may_begin_with_the_weights_of_another_model(data):
    first = fit(RECIPE, data).model
    losses = []
    fit(changed(epochs=1), data, lambda report: losses.append(getattr(report, "loss", None)), start=first)
    assert losses[0] < 1.5  # a fresh network begins at 2.3


def test_a_drawing_is_answered_at_every_report_and_may_be_replaced_meanwhile(data):
    drawings = iter([None, *([data.test.images[0] / np.float32(255)] * 1000)])
    answers = []

    def hear(report):
        if isinstance(report, BatchProgress):
            answers.append(report.drawing_probabilities)

    fit(changed(epochs=2), data, hear, drawing=lambda: next(drawings))
    assert answers[0] == ()
    assert all(len(answer) == 10 and sum(answer) == pytest.approx(1, abs=1e-3) for answer in answers[1:])
    assert len(answers) > 1


@pytest.mark.bad_input(33)
def test_durations_stay_positive_when_the_clock_is_set_back(data, monkeypatch):
    hours = count(1_700_000_000, -3600)
    monkeypatch.setattr(time, "time", lambda: float(next(hours)))
    reports = []
    trained = fit(changed(epochs=2), data, reports.append)
    batches = [report for report in reports if isinstance(report, BatchProgress)]
    assert all(0 <= earlier.seconds <= later.seconds < 3600 for earlier, later in pairwise(batches))
    assert all(batch.images_per_second >= 0 for batch in batches)
    assert batches[-1].seconds <= trained.model.scores.seconds < 3600


def test_another_seed_gives_another_curve(data):
    assert curve(fit(changed(epochs=1), data)) != curve(fit(changed(epochs=1, seed=6), data))


def test_a_run_taken_up_from_a_checkpoint_goes_on_as_if_it_had_never_stopped(data):
    recipe = changed(
        epochs=4,
        schedule=ReduceLROnPlateau(patience=1, factor=0.1),
        early_stopping=EarlyStopping(patience=2),
        checkpoint=BestCheckpoint(),
        augmentation=Augmentation(shift=0.1),
    )
    checkpoints: list[Checkpoint] = []

    def keep(report):
        if isinstance(report, EpochProgress):
            checkpoints.append(report.checkpoint)

    unbroken = fit(recipe, data, keep)
    for checkpoint in (checkpoints[1], checkpoints[-1]):
        resumed = fit(recipe, data, checkpoint=checkpoint)
        assert resumed.history == unbroken.history
        assert resumed.model.scores.kept_epoch == unbroken.model.scores.kept_epoch
        for name, weights in unbroken.model.weights.items():
            np.testing.assert_array_equal(weights, resumed.model.weights[name])


def filmed_by(recipe, data, checkpoint=None):
    films = []
    fit(recipe, data, lambda report: films.append(getattr(report, "checkpoint", None)), checkpoint=checkpoint)
    return next(checkpoint.snapshots for checkpoint in reversed(films) if checkpoint)


def test_a_film_shows_the_weights_before_the_first_epoch_and_after_each(data):
    snapshots = filmed_by(RECIPE, data)
    assert snapshots.epochs.tolist() == [0, 1, 2, 3]
    fresh = keras_models.keras_model(RECIPE)
    np.testing.assert_allclose(snapshots.filters[0], np.moveaxis(fresh.get_weights()[0][:, :, 0], -1, 0), atol=1e-3)
    answers = fresh.predict(data.test.images[:100, ..., None] / np.float32(255), verbose=0)
    np.testing.assert_allclose(snapshots.answers[0], answers, atol=2e-3)
    assert snapshots.statistics.shape == (4, 3, 5)
    trained = fit(RECIPE, data).model
    np.testing.assert_allclose(
        snapshots.filters[3], np.moveaxis(trained.weights["conv2d_1/kernel"][:, :, 0], -1, 0), atol=1e-3
    )
    read = [(answers.argmax(1) == data.test.labels[:100]).mean() for answers in snapshots.answers]
    assert read[3] > read[0]


def test_the_film_of_a_run_that_was_paused_is_that_of_an_unbroken_one(data):
    asked = []

    def requested_action():
        asked.append(1)
        return "pause" if len(asked) == 2 else ""  # in the first epoch

    recipe = changed(epochs=2)
    with pytest.raises(Paused) as pause:
        fit(recipe, data, requested_action=requested_action)
    assert pause.value.checkpoint.history == ()
    checkpoint = Checkpoint.from_bytes(pause.value.checkpoint.to_bytes())
    resumed, unbroken = filmed_by(recipe, data, checkpoint), filmed_by(recipe, data)
    for field in dataclasses.fields(unbroken):
        np.testing.assert_array_equal(getattr(resumed, field.name), getattr(unbroken, field.name))


@pytest.mark.parametrize("pipeline", ["arrays", "tf.data"])
def test_a_run_paused_in_mid_epoch_goes_on_as_if_it_had_never_paused(data, pipeline):
    recipe = changed(
        batch_size=7,
        pipeline=pipeline,
        schedule=OneCycle(),
        optimizer=AdamW(learning_rate=0.01),
        augmentation=Augmentation(rotation=10.0),
        checkpoint=BestCheckpoint(monitor="val_loss"),
    )
    unbroken = fit(recipe, data)
    asked = []

    def requested_action():
        asked.append(1)
        return "pause" if len(asked) == 15 else ""  # in the second of three epochs

    with pytest.raises(Paused) as pause:
        fit(recipe, data, requested_action=requested_action)
    checkpoint = Checkpoint.from_bytes(pause.value.checkpoint.to_bytes())
    assert len(checkpoint.history) == 1
    assert 0 < checkpoint.step < 143
    keras_models._compiled.clear()  # as in a worker that was started anew
    resumed = fit(recipe, data, checkpoint=checkpoint)
    assert resumed.history == unbroken.history
    assert resumed.model.scores.kept_epoch == unbroken.model.scores.kept_epoch
    for name, weights in unbroken.model.weights.items():
        np.testing.assert_array_equal(weights, resumed.model.weights[name])


@pytest.fixture(scope="module")
def short_epochs(data):
    """A recipe of ten steps an epoch, and what a run of it gives that nobody disturbs."""
    recipe = changed(batch_size=100)
    return recipe, fit(recipe, data)


@pytest.mark.parametrize("asked_at", range(1, 8))
def test_a_pause_at_any_moment_of_short_epochs_can_be_resumed(data, short_epochs, asked_at):
    recipe, unbroken = short_epochs
    asked = []

    def requested_action():
        asked.append(1)
        return "pause" if len(asked) == asked_at else ""

    try:
        resumed = fit(recipe, data, requested_action=requested_action)
    except Paused as pause:
        resumed = fit(recipe, data, checkpoint=Checkpoint.from_bytes(pause.checkpoint.to_bytes()))
    assert resumed.history == unbroken.history


@pytest.mark.parametrize("schedule", [OneCycle(), ReduceLROnPlateau()])
def test_a_model_that_was_traced_for_another_run_gives_the_curve_of_a_fresh_one(data, schedule):
    keras_models._compiled.clear()
    recipe = changed(schedule=schedule, epochs=2)
    cold = fit(recipe, data)
    fit(changed(schedule=schedule, epochs=1, seed=9, optimizer=tiny.RECIPE.optimizer), data)
    warm = fit(recipe, data)
    assert len(keras_models._compiled) == 1
    assert curve(warm) == curve(cold)


def test_a_checkpoint_survives_its_bytes(data):
    kept = []
    fit(changed(epochs=1, checkpoint=BestCheckpoint()), data, lambda report: kept.append(report))
    checkpoint = kept[-1].checkpoint
    again = Checkpoint.from_bytes(checkpoint.to_bytes())
    assert (again.history, again.step, again.patience, again.seconds, again.best.value) == (
        checkpoint.history,
        checkpoint.step,
        checkpoint.patience,
        checkpoint.seconds,
        checkpoint.best.value,
    )
    for before, after in zip(checkpoint.variables, again.variables, strict=True):
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    with pytest.raises(ValueError, match="damaged"):
        Checkpoint.from_bytes(checkpoint.to_bytes()[:-3])


def test_stop_is_honoured_within_a_second_and_keeps_what_was_learned(data):
    recipe = changed(epochs=200, batch_size=1)
    asked = []
    timer = threading.Timer(1.5, lambda: asked.append(time.monotonic()))
    timer.start()
    heard = []

    def requested_action():
        if asked:
            heard.append(time.monotonic())
        return "stop" if asked else ""

    trained = fit(recipe, data, requested_action=requested_action)
    assert heard[0] - asked[0] < 1
    assert len(heard) == 1  # not another step is made
    assert trained.was_stopped
    assert trained.model.scores.kept_because == "stopped here"
    assert trained.model.scores.test_accuracy > 0.15
    fresh = keras_models.keras_model(recipe).get_weights()[0]
    assert not np.array_equal(trained.model.weights["conv2d_1/kernel"], fresh)


def test_stop_before_the_first_step_still_gives_a_model(data):
    trained = fit(RECIPE, data, requested_action=lambda: "stop")
    assert trained.was_stopped
    assert trained.history == ()
    assert (trained.model.scores.kept_epoch, trained.model.scores.epochs) == (0, 0)
    assert 0 <= trained.model.scores.test_accuracy <= 0.35


def test_stop_after_an_epoch_keeps_that_epoch_and_after_the_last_one_changes_nothing(data):
    for stop_after, was_stopped in ((2, True), (3, False)):
        ended = []
        trained = fit(
            RECIPE,
            data,
            lambda report, ended=ended: ended.append(report) if isinstance(report, EpochProgress) else None,
            lambda ended=ended, stop_after=stop_after: "stop" if len(ended) >= stop_after else "",
        )
        assert trained.was_stopped is was_stopped
        assert (trained.model.scores.kept_epoch, trained.model.scores.epochs) == (stop_after, stop_after)


def test_reports_come_at_most_four_times_a_second_and_say_where_the_run_is(data):
    times = []
    reports = []

    def listen(report):
        if isinstance(report, BatchProgress):
            times.append(time.monotonic())
            reports.append(report)

    fit(changed(epochs=2, batch_size=2), data, listen)
    within = [
        later - earlier
        for earlier, later, first, second in zip(times, times[1:], reports, reports[1:], strict=False)
        if first.epoch == second.epoch
    ]
    assert within
    assert min(within) >= fitting.REPORT_SECONDS * 0.9
    assert all(report.steps == 500 and 1 <= report.step <= 500 for report in reports)
    assert all(0 <= report.accuracy <= 1.000001 and report.loss >= 0 for report in reports)
    assert any(report.validation_accuracy is not None for report in reports)


def test_validation_within_an_epoch_does_not_disturb_the_training_figures(data, monkeypatch):
    watched = fit(changed(epochs=1, batch_size=4), data)
    monkeypatch.setattr(fitting, "VALIDATIONS", 0.001)
    unwatched = fit(changed(epochs=1, batch_size=4), data)
    assert curve(watched) == curve(unwatched)


def test_the_checkpointed_best_epoch_becomes_the_model(data):
    recipe = changed(
        epochs=5, optimizer=SGD(learning_rate=0.5, momentum=0.9), checkpoint=BestCheckpoint(monitor="val_loss")
    )
    trained = fit(recipe, data)
    losses = [result.validation_loss for result in trained.history]
    assert trained.model.scores.kept_epoch == 1 + int(np.argmin(losses))
    assert trained.model.scores.kept_because.startswith("best val_loss")


def test_early_stopping_ends_the_run_and_restores_the_best_epoch(data):
    recipe = changed(
        epochs=60,
        optimizer=SGD(learning_rate=1.0, momentum=0.9),
        early_stopping=EarlyStopping(patience=2, monitor="val_loss"),
    )
    trained = fit(recipe, data)
    losses = [result.validation_loss for result in trained.history]
    assert len(losses) < 60
    assert trained.model.scores.kept_epoch == 1 + int(np.argmin(losses)) == len(losses) - 2


def test_a_plateau_cuts_the_learning_rate(data):
    recipe = changed(epochs=8, schedule=ReduceLROnPlateau(patience=1, factor=0.1), optimizer=SGD(learning_rate=1.0))
    rates = [result.learning_rate for result in fit(recipe, data).history]
    assert rates[0] == 1.0
    assert rates[-1] < 0.2


def test_one_cycle_climbs_to_its_peak_and_sinks_to_nearly_nothing(data):
    rates = []
    recipe = changed(epochs=10, schedule=OneCycle(warmup=0.3))
    fit(
        recipe,
        data,
        lambda report: rates.append(report.result.learning_rate) if isinstance(report, EpochProgress) else 0,
    )
    assert max(rates) == pytest.approx(0.01, rel=0.02)
    assert rates.index(max(rates)) == 2
    assert rates[-1] < 0.0005


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), RMSprop(), AdamW(learning_rate=0.01)])
def test_every_optimizer_learns(data, optimizer):
    trained = fit(
        changed(epochs=2, optimizer=optimizer, schedule=Cosine(), l1=1e-6, l2=1e-5, label_smoothing=0.1), data
    )
    assert trained.history[-1].loss < trained.history[0].loss


@pytest.mark.bad_input(16)
def test_a_loss_that_stops_being_a_number_ends_the_run_with_the_cause(data):
    with pytest.raises(TrainingDiverged, match="lower learning rate"):
        fit(exploding(epochs=1), data)


@pytest.mark.bad_input(16)
def test_after_a_good_epoch_a_diverging_run_keeps_that_epoch(data):
    good = []

    def spoil(report):
        # The step that follows meets weights that are no numbers, as if the run had diverged there.
        if isinstance(report, EpochProgress) and len(good) == 0:
            good.append(report.checkpoint)

    checkpoint_recipe = changed(epochs=1, optimizer=SGD(learning_rate=0.01))
    fit(checkpoint_recipe, data, spoil)
    recipe = changed(epochs=2, optimizer=SGD(learning_rate=0.01))
    with pytest.MonkeyPatch.context() as patch:
        original = fitting.training_batches
        patch.setattr(
            fitting, "training_batches", lambda *given: original(*given).map(lambda x, y: (x * float("nan"), y))
        )
        reports = []
        trained = fit(recipe, data, reports.append, checkpoint=good[0])
    assert reports == []  # it ends before a loss is shown that a fused ReLU has made finite again
    assert trained.model.scores.kept_epoch == 1
    assert "stopped being a number" in trained.model.scores.kept_because
    assert all(np.isfinite(weights).all() for weights in trained.model.weights.values())


def exploding(epochs: int) -> Recipe:
    network = Network(layers=(Conv2D(filters=4), Flatten(), Dense(units=64), Dense(units=10, activation="softmax")))
    return changed(epochs=epochs, network=network, optimizer=SGD(learning_rate=10.0, momentum=0.99), l2=0.1)


@pytest.mark.bad_input(14)
def test_a_batch_larger_than_the_data_is_cut_to_it(data):
    reports = []
    fit(changed(epochs=1, batch_size=4096), data, reports.append)
    assert reports[0].steps == 1


def test_thirty_two_images_can_be_learned_by_heart(data):
    network = Network(
        layers=(Conv2D(filters=16, strides=2, activation="relu"), Flatten(), Dense(units=10, activation="softmax"))
    )
    few = Dataset(data.training[:32], None, data.training[:32], "handwriting")
    trained = fit(changed(network=network, epochs=60, batch_size=8), few)
    assert trained.model.scores.test_accuracy == 1


def test_the_keras_file_holds_the_network_without_the_optimizer(data):
    network = Network(layers=(Conv2D(filters=4), GlobalAveragePooling2D(), Dense(units=10, activation="softmax")))
    trained = fit(changed(network=network, epochs=1), data)
    names = zipfile.ZipFile(io.BytesIO(trained.keras_file)).namelist()
    assert set(names) == {"metadata.json", "config.json", "model.weights.h5"}
    assert len(trained.keras_file) < 40_000
