import dataclasses
import io
import threading
import time
import zipfile
from collections import OrderedDict
from itertools import count, pairwise

import keras
import numpy as np
import pytest

from core.digits.augmentation import Augmentation
from core.digits.dataset import Dataset, drawn_digits
from core.insight.metrics import accuracy, cross_entropy
from core.networks.history import BatchProgress
from core.networks.layers import Conv2D, Dense, Flatten
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
from core.training.checkpoint import Checkpoint, EpochProgress, OtherCheckpoint, Paused
from core.training.fit import TrainingDiverged, fit
from tests.training import tiny

RECIPE = tiny.RECIPE
# Everything that a resumed run has to restore.
FULL = RECIPE.model_copy(
    update={
        "batch_size": 20,
        "schedule": OneCycle(),
        "optimizer": AdamW(learning_rate=0.01),
        "augmentation": Augmentation(rotation=10.0, shift=0.1, zoom=0.1, shear=5.0),
        "checkpoint": BestCheckpoint(monitor="val_loss"),
    }
)


@pytest.fixture(scope="module")
def data():
    return tiny.data()


@pytest.fixture(scope="module")
def run(data):
    """A run of `RECIPE`, and its reports."""
    reports = []
    return fit(RECIPE, data, reports.append), reports


@pytest.fixture(scope="module")
def full_run(data):
    """A run of `FULL`, and its reports."""
    reports = []
    return fit(FULL, data, reports.append), reports


def changed(**settings) -> Recipe:
    return RECIPE.model_copy(update=settings)


def curve(trained):
    return [(result.loss, result.accuracy, result.validation_loss) for result in trained.history]


def batches_of(reports):
    return [report for report in reports if isinstance(report, BatchProgress)]


def checkpoints_of(reports):
    return [report.checkpoint for report in reports if isinstance(report, EpochProgress)]


def assert_same_result(resumed, unbroken):
    assert resumed.history == unbroken.history
    assert resumed.model.scores.kept_epoch == unbroken.model.scores.kept_epoch
    for name, weights in unbroken.model.weights.items():
        np.testing.assert_array_equal(weights, resumed.model.weights[name])


@pytest.fixture
def _new_worker(monkeypatch):
    """No model has been compiled yet."""
    monkeypatch.setattr(keras_models, "_compiled", OrderedDict())


def pausing(at):
    """A `requested_action` that asks to pause at its n-th call."""
    calls = count(1)
    return lambda: "pause" if next(calls) == at else ""


def test_a_run_learns_reports_and_is_evaluated(data, run):
    trained, reports = run
    assert len(checkpoints_of(reports)) == 3
    assert batches_of(reports)
    assert trained.history[-1].loss < 0.6 * trained.history[0].loss
    scores = trained.model.scores
    assert scores.test_accuracy > 0.5
    assert (scores.kept_epoch, scores.kept_because, scores.epochs) == (3, "last epoch", 3)
    assert scores.test_accuracy == np.mean(trained.test_probabilities.argmax(1) == data.test.labels)
    drawn = drawn_digits()
    predicted = trained.model.probabilities(drawn.images)
    assert scores.drawn_accuracy == pytest.approx(accuracy(predicted, drawn.labels))
    assert not trained.was_stopped


def test_the_numpy_model_predicts_what_the_keras_file_predicts(data, run, tmp_path):
    trained, _ = run
    (tmp_path / "model.keras").write_bytes(trained.keras_file)
    keras_model = keras.models.load_model(tmp_path / "model.keras")
    expected = keras_model.predict(data.test.images[..., None] / np.float32(255), verbose=0)
    model = read_model(trained.model.to_bytes())
    np.testing.assert_allclose(model.network.probabilities(model.weights, data.test.images), expected, atol=1e-5)
    np.testing.assert_allclose(trained.test_probabilities, model.probabilities(data.test.images), atol=1e-5)
    assert "Total params" in model.summary
    assert "Param #" in model.summary


def test_the_keras_file_holds_the_network_without_the_optimizer(run):
    trained, _ = run
    names = zipfile.ZipFile(io.BytesIO(trained.keras_file)).namelist()
    assert set(names) == {"metadata.json", "config.json", "model.weights.h5"}
    assert len(trained.keras_file) < 4 * RECIPE.network.parameters + 40_000  # Adam would treble the weights


def test_same_recipe_and_seed_give_the_same_weights_and_another_seed_does_not(data, run):
    first, _ = run
    assert_same_result(fit(RECIPE, data), first)
    assert curve(fit(changed(epochs=1, seed=6), data))[0] != curve(first)[0]


def test_the_temperature_makes_the_validation_labels_likelier(data, run):
    model = run[0].model
    raw = model.network.probabilities(model.weights, data.validation.images)
    calibrated = model.probabilities(data.validation.images)
    assert model.scores.temperature != 1
    np.testing.assert_array_equal(calibrated.argmax(1), raw.argmax(1))
    assert cross_entropy(calibrated, data.validation.labels) < cross_entropy(raw, data.validation.labels)


@pytest.mark.parametrize("validation", ["test", "none"])
def test_no_temperature_is_fitted_without_a_validation_split(data, validation):
    recipe = changed(epochs=1, data=RECIPE.data.model_copy(update={"validation": validation}))
    split = dataclasses.replace(data, validation=data.test if validation == "test" else None)
    assert fit(recipe, split).model.scores.temperature == 1


def test_a_run_may_start_from_the_weights_of_another_model(data, run):
    reports = []
    fit(changed(epochs=1), data, reports.append, start=run[0].model)
    assert reports[0].loss < 1.5  # with fresh weights about 2.3


def test_the_watched_drawing_is_read_at_every_report_and_may_change(data):
    drawings = iter([None, *([data.test.images[0] / np.float32(255)] * 1000)])
    reports = []
    fit(changed(epochs=2), data, reports.append, drawing=lambda: next(drawings))
    first, *others = [report.drawing_probabilities for report in batches_of(reports)]
    assert first == ()
    assert others
    assert all(len(answer) == 10 and sum(answer) == pytest.approx(1, abs=1e-3) for answer in others)


@pytest.mark.bad_input(33)
def test_durations_stay_positive_when_the_clock_is_set_back(data, monkeypatch):
    hours = count(1_700_000_000, -3600)
    monkeypatch.setattr(time, "time", lambda: float(next(hours)))
    reports = []
    trained = fit(changed(epochs=2), data, reports.append)
    batches = batches_of(reports)
    assert all(0 <= earlier.seconds <= later.seconds < 3600 for earlier, later in pairwise(batches))
    assert all(batch.images_per_second >= 0 for batch in batches)
    assert batches[-1].seconds <= trained.model.scores.seconds < 3600


def test_a_run_resumed_after_an_epoch_ends_as_an_unbroken_one_with_its_patience(data):
    recipe = changed(
        epochs=4,
        schedule=ReduceLROnPlateau(patience=1, factor=0.1),
        early_stopping=EarlyStopping(patience=2),
        checkpoint=BestCheckpoint(),
    )
    reports = []
    unbroken = fit(recipe, data, reports.append)
    checkpoints = checkpoints_of(reports)
    for checkpoint in (checkpoints[1], checkpoints[-1]):
        assert_same_result(fit(recipe, data, checkpoint=checkpoint), unbroken)


@pytest.mark.usefixtures("_new_worker")
@pytest.mark.parametrize("pipeline", ["arrays", "tf.data"])
def test_a_run_paused_within_an_epoch_ends_as_an_unbroken_one_in_either_pipeline(data, full_run, pipeline):
    unbroken, unbroken_reports = full_run
    recipe = FULL.model_copy(update={"pipeline": pipeline})
    with pytest.raises(Paused) as pause:
        fit(recipe, data, requested_action=pausing(at=7))
    checkpoint = Checkpoint.from_bytes(pause.value.checkpoint.to_bytes())
    assert len(checkpoint.history) == 1
    assert 0 < checkpoint.step < 50
    keras_models._compiled.clear()  # as in another worker
    reports = []
    assert_same_result(fit(recipe, data, reports.append, checkpoint=checkpoint), unbroken)
    snapshots, unbroken_snapshots = (checkpoints_of(one)[-1].snapshots for one in (reports, unbroken_reports))
    for field in dataclasses.fields(snapshots):
        np.testing.assert_array_equal(getattr(snapshots, field.name), getattr(unbroken_snapshots, field.name))


@pytest.fixture(scope="module")
def short_epochs(data):
    """A recipe with epochs of ten steps, and an unbroken run of it."""
    recipe = changed(batch_size=100, epochs=2)
    return recipe, fit(recipe, data)


@pytest.mark.parametrize("asked_at", range(1, 6))
def test_a_pause_at_any_moment_of_short_epochs_can_be_resumed(data, short_epochs, asked_at):
    recipe, unbroken = short_epochs
    try:
        resumed = fit(recipe, data, requested_action=pausing(asked_at))
    except Paused as pause:
        resumed = fit(recipe, data, checkpoint=Checkpoint.from_bytes(pause.checkpoint.to_bytes()))
    assert resumed.history == unbroken.history


def test_snapshots_show_the_weights_before_the_first_epoch_and_after_each(data, run):
    trained, reports = run
    snapshots = checkpoints_of(reports)[-1].snapshots
    assert snapshots.epochs.tolist() == [0, 1, 2, 3]
    fresh = keras_models.keras_model(RECIPE)
    np.testing.assert_allclose(snapshots.filters[0], np.moveaxis(fresh.get_weights()[0][:, :, 0], -1, 0), atol=1e-3)
    answers = fresh.predict(data.test.images[:100, ..., None] / np.float32(255), verbose=0)
    np.testing.assert_allclose(snapshots.answers[0], answers, atol=2e-3)
    assert snapshots.statistics.shape == (4, 3, 5)
    filters = np.moveaxis(trained.model.weights["conv2d_1/kernel"][:, :, 0], -1, 0)
    np.testing.assert_allclose(snapshots.filters[3], filters, atol=1e-3)
    right = [(answers.argmax(1) == data.test.labels[:100]).mean() for answers in snapshots.answers]
    assert right[3] > right[0]


@pytest.mark.usefixtures("_new_worker")
@pytest.mark.parametrize("schedule", [OneCycle(), ReduceLROnPlateau()])
def test_a_model_compiled_for_another_run_gives_the_curve_of_a_fresh_one(data, schedule):
    recipe = changed(schedule=schedule, epochs=1)
    cold = fit(recipe, data)
    fit(changed(schedule=schedule, epochs=1, seed=9), data)
    warm = fit(recipe, data)
    assert len(keras_models._compiled) == 1
    assert curve(warm) == curve(cold)


@pytest.mark.usefixtures("_new_worker")
def test_a_worker_keeps_the_latest_compiled_models_only(monkeypatch):
    monkeypatch.setattr(keras_models, "MAX_COMPILED_MODELS", 2)
    recipes = [changed(label_smoothing=smoothing) for smoothing in (0.1, 0.2, 0.3)]
    models = [keras_models.compiled_model(recipe, 10) for recipe in recipes]
    assert keras_models.compiled_model(recipes[2], 10) is models[2]
    assert keras_models.compiled_model(recipes[0], 10) is not models[0]


def test_a_checkpoint_is_restored_from_its_bytes_and_damaged_bytes_are_refused(full_run):
    checkpoint = checkpoints_of(full_run[1])[-1]
    again = Checkpoint.from_bytes(checkpoint.to_bytes())
    for name in ("history", "step", "patience", "seconds"):
        assert getattr(again, name) == getattr(checkpoint, name)
    assert (again.best.epoch, again.best.value) == (checkpoint.best.epoch, checkpoint.best.value)
    assert set(again.variables) == set(checkpoint.variables)
    for name, before in checkpoint.variables.items():
        assert before.dtype == again.variables[name].dtype
        np.testing.assert_array_equal(before, again.variables[name])
    with pytest.raises(ValueError, match="damaged"):
        Checkpoint.from_bytes(checkpoint.to_bytes()[:-3])


def resumed(data, checkpoint, **changes):
    """One more epoch from a checkpoint that another version has written."""
    recipe = FULL.model_copy(update={"epochs": len(checkpoint.history) + 1})
    return fit(recipe, data, checkpoint=dataclasses.replace(checkpoint, **changes))


def test_a_checkpoint_whose_variables_are_numbered_resumes_as_one_with_names(data, full_run):
    checkpoint = checkpoints_of(full_run[1])[0]
    numbered = {str(index): value for index, value in enumerate(checkpoint.variables.values())}
    named, by_number = resumed(data, checkpoint), resumed(data, checkpoint, variables=numbered)
    assert named.history == by_number.history
    assert by_number.notice == ""


@pytest.mark.bad_input(37)
def test_a_run_whose_optimizer_another_version_kept_otherwise_goes_on_with_its_network_and_says_so(data, full_run):
    checkpoint = checkpoints_of(full_run[1])[0]
    other = {name: value for name, value in checkpoint.variables.items() if "velocity" not in name}
    assert len(other) < len(checkpoint.variables)
    trained = resumed(data, checkpoint, variables=other)
    assert trained.history[0] == checkpoint.history[0]
    assert trained.history[1].loss < checkpoint.history[0].loss
    assert "the optimizer started again" in trained.notice


@pytest.mark.bad_input(37)
def test_a_run_whose_network_another_version_built_otherwise_is_not_resumed(data, full_run):
    checkpoint = checkpoints_of(full_run[1])[0]
    other = {name: value[..., np.newaxis] for name, value in checkpoint.variables.items()}
    with pytest.raises(OtherCheckpoint, match="only that one can go on with it"):
        resumed(data, checkpoint, variables=other)


@pytest.mark.bad_input(41)
def test_a_full_temporary_folder_costs_the_keras_file_and_not_the_run(data, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    trained = fit(changed(epochs=1), data)
    assert trained.keras_file is None
    assert trained.model.probabilities(data.test.images[:2]).shape == (2, 10)


def test_stop_is_honoured_within_a_second_and_keeps_what_was_learned(data):
    recipe = changed(epochs=200, batch_size=1)
    has_begun, asked, obeyed = threading.Event(), [], []

    def ask():
        has_begun.wait()
        time.sleep(0.3)  # until it is in the middle of its steps
        asked.append(time.monotonic())

    def requested_action():
        if asked:
            obeyed.append(time.monotonic())
        return "stop" if asked else ""

    asking = threading.Thread(target=ask)
    asking.start()
    trained = fit(recipe, data, lambda report: has_begun.set(), requested_action)
    asking.join()
    assert obeyed[0] - asked[0] < 1
    assert len(obeyed) == 1  # not another step is made
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


@pytest.mark.parametrize(("stop_after", "was_stopped"), [(1, True), (2, False)])
def test_stop_after_an_epoch_keeps_it_and_after_the_last_one_changes_nothing(data, stop_after, was_stopped):
    reports = []
    requested_action = lambda: "stop" if len(checkpoints_of(reports)) >= stop_after else ""  # noqa: E731
    trained = fit(changed(epochs=2), data, reports.append, requested_action)
    assert trained.was_stopped is was_stopped
    assert (trained.model.scores.kept_epoch, trained.model.scores.epochs) == (stop_after, stop_after)


def test_reports_keep_their_distance_and_say_where_the_run_is(data, monkeypatch):
    monkeypatch.setattr(fitting, "REPORT_SECONDS", 0.1)
    times, reports = [], []

    def on_progress(report):
        if isinstance(report, BatchProgress):
            times.append(time.monotonic())
            reports.append(report)

    fit(changed(epochs=1, batch_size=2), data, on_progress)
    distances = [later - earlier for earlier, later in pairwise(times)]
    assert distances
    assert min(distances) >= 0.09
    assert all(report.steps == 500 and 1 <= report.step <= 500 for report in reports)
    assert all(0 <= report.accuracy <= 1.000001 and report.loss >= 0 for report in reports)
    assert any(report.validation_accuracy is not None for report in reports)


def test_validation_within_an_epoch_does_not_change_the_training_metrics(data, monkeypatch):
    monkeypatch.setattr(fitting, "REPORT_SECONDS", 0)
    reports = []
    validated = fit(changed(epochs=1, batch_size=20), data, reports.append)
    assert sum(report.validation_loss is not None for report in batches_of(reports)) > 1
    monkeypatch.setattr(fitting, "VALIDATIONS", 0.001)
    assert curve(fit(changed(epochs=1, batch_size=20), data)) == curve(validated)


def test_the_best_epoch_becomes_the_model(data):
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


def test_a_plateau_reduces_the_learning_rate(data):
    recipe = changed(epochs=8, schedule=ReduceLROnPlateau(patience=1, factor=0.1), optimizer=SGD(learning_rate=1.0))
    rates = [result.learning_rate for result in fit(recipe, data).history]
    assert rates[0] == 1.0
    assert rates[-1] < 0.2


def test_one_cycle_rises_to_its_peak_and_falls_to_nearly_nothing():
    recipe = changed(epochs=10, schedule=OneCycle(warmup=0.3))
    schedule = keras_models.compiled_model(recipe, steps=20).optimizer._learning_rate
    rates = [float(schedule(step)) for step in range(201)]
    assert max(rates) == rates[60] == pytest.approx(0.01)
    assert np.diff(rates[:61]).min() > 0 > np.diff(rates[60:]).max()
    assert rates[-1] == pytest.approx(0.01 / 1000)


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), RMSprop(), AdamW(learning_rate=0.01)])
def test_every_optimizer_learns(data, optimizer):
    recipe = changed(epochs=2, optimizer=optimizer, schedule=Cosine(), l1=1e-6, l2=1e-5, label_smoothing=0.1)
    trained = fit(recipe, data)
    assert trained.history[-1].loss < trained.history[0].loss


@pytest.mark.bad_input(16)
def test_a_loss_that_becomes_nan_ends_the_run_with_the_cause(data):
    network = Network(layers=(Conv2D(filters=4), Flatten(), Dense(units=64), Dense(units=10, activation="softmax")))
    recipe = changed(epochs=1, network=network, optimizer=SGD(learning_rate=10.0, momentum=0.99), l2=0.1)
    with pytest.raises(TrainingDiverged, match="lower learning rate"):
        fit(recipe, data)


@pytest.mark.bad_input(16)
def test_a_run_that_diverges_after_a_good_epoch_keeps_that_epoch(data, run, monkeypatch):
    batches = fitting.training_batches
    spoiled = lambda *given: batches(*given).map(lambda x, y: (x * float("nan"), y))  # noqa: E731
    monkeypatch.setattr(fitting, "training_batches", spoiled)
    reports = []
    trained = fit(RECIPE, data, reports.append, checkpoint=checkpoints_of(run[1])[0])
    assert reports == []  # it ends before a report, in which a fused ReLU would have made the loss finite again
    assert trained.model.scores.kept_epoch == 1
    assert "stopped being a number" in trained.model.scores.kept_because
    assert all(np.isfinite(weights).all() for weights in trained.model.weights.values())


@pytest.mark.bad_input(14)
def test_a_batch_larger_than_the_data_is_cut_to_it(data):
    reports = []
    fit(changed(epochs=1, batch_size=4096), data, reports.append)
    assert reports[0].steps == 1


def test_thirty_two_images_can_be_learned_by_heart(data):
    few = Dataset(data.training[:32], None, data.training[:32], "handwriting")
    assert fit(changed(epochs=20, batch_size=4), few).model.scores.test_accuracy == 1
