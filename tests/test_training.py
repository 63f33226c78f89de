"""nnlib.train and train_steps against loops written by hand, and what they say when training goes wrong."""

import warnings

import numpy as np
import pandas as pd
import pytest

from nnlib import SGD, Adam, Network, RMSprop, train, train_steps

REGRESSION = {"output": "identity", "loss": "mean_squared_error"}


def clouds(m=100, K=3, seed=0):
    """K clouds of points in the plane, which a small net separates."""
    rng = np.random.default_rng(seed)
    y = np.arange(m) % K
    angle = 2 * np.pi * y / K
    return np.column_stack([np.cos(angle), np.sin(angle)]) * 2 + rng.normal(0, 0.4, (m, 2)), y


def small_net(**options):
    return Network([2, 8, 3], **{"dtype": np.float64, **options})


# -- what a step and an epoch are --------------------------------------------------------------------------------------


def test_full_batch_equals_a_loop_written_by_hand():
    (X, y), net = clouds(), small_net()
    (W1, W2), (b1, b2) = (W.copy() for W in net.weights), (b.copy() for b in net.biases)
    Y, m, losses = np.eye(3)[y], len(X), []
    for _ in range(20):
        Z1 = X @ W1 + b1
        A1 = np.maximum(Z1, 0)
        Z2 = A1 @ W2 + b2
        A2 = np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)
        losses.append(-np.log(A2[np.arange(m), y]).mean())
        dZ2 = (A2 - Y) / m
        dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
        W2, b2 = W2 - 0.5 * (A1.T @ dZ2), b2 - 0.5 * dZ2.sum(axis=0)
        W1, b1 = W1 - 0.5 * (X.T @ dZ1), b1 - 0.5 * dZ1.sum(axis=0)
    history = train(net, X, y, epochs=20, batch_size=None, optimizer=SGD(0.5), progress=False)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-10)
    for ours, by_hand in zip([*net.weights, *net.biases], [W1, W2, b1, b2]):
        np.testing.assert_allclose(ours, by_hand, rtol=1e-9, atol=1e-12)


def test_mini_batches_equal_a_loop_over_the_permutations_of_the_seed():
    (X, y), net, by_hand = clouds(m=25), small_net(), small_net()
    train(net, X, y, epochs=3, batch_size=10, optimizer=SGD(0.1), seed=7, progress=False)
    rng = np.random.default_rng(7)
    for _ in range(3):
        order = rng.permutation(25)
        for start in (0, 10, 20):
            rows = order[start : start + 10]
            for layer, g in zip(by_hand.dense, by_hand.gradients(X[rows], y[rows])):
                layer.W -= 0.1 * g["dW"]
                layer.b -= 0.1 * g["db"]
    np.testing.assert_allclose(net.parameters, by_hand.parameters, rtol=1e-9, atol=1e-12)


def test_every_row_is_used_once_an_epoch_and_the_last_short_batch_is_kept():
    records = list(train_steps(small_net(), *clouds(m=25), epochs=2, batch_size=10))
    assert [r["samples"] for r in records] == [10, 10, 5] * 2
    assert [r["step"] for r in records] == [1, 2, 3, 4, 5, 6]
    assert [r["epoch"] for r in records] == [1, 1, 1, 2, 2, 2]
    assert list(records[0]) == ["step", "epoch", "samples", "loss", "accuracy"]


@pytest.mark.parametrize("batch_size, batches", [(None, [25]), (25, [25]), (1000, [25]), (1, [1] * 25), (24, [24, 1])])
def test_batch_sizes(batch_size, batches):
    assert [r["samples"] for r in train_steps(small_net(), *clouds(m=25), 1, batch_size)] == batches


def test_a_record_tells_of_the_batch_before_its_update():
    (X, y), net = clouds(), small_net()
    loss, accuracy = net.loss(X, y), net.accuracy(X, y)
    first = next(train_steps(net, X, y, batch_size=None))
    assert (first["loss"], first["accuracy"]) == (pytest.approx(loss), pytest.approx(accuracy))
    assert net.loss(X, y) < loss


# -- the history -------------------------------------------------------------------------------------------------------


def test_the_history_has_one_row_per_epoch_and_the_promised_columns():
    X, y = clouds()
    history = train(small_net(), X, y, epochs=3, validation=(X, y), progress=False)
    assert list(history.columns) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    assert list(history["epoch"]) == [1, 2, 3]
    assert not history.isna().any(axis=None)
    assert (history["seconds"].diff().dropna() > 0).all() and history["seconds"].iloc[0] > 0


def test_what_is_absent_is_nan():
    X, y = clouds()
    history = train(small_net(), X, y, epochs=2, progress=False)
    assert history[["val_loss", "val_accuracy"]].isna().all(axis=None)
    net, y = Network([2, 4, 1], **REGRESSION), X[:, 0]
    history = train(net, X, y, epochs=2, validation=(X, y), progress=False)
    assert history[["accuracy", "val_accuracy"]].isna().all(axis=None)
    assert not history[["loss", "val_loss"]].isna().any(axis=None)


def test_no_epochs_give_an_empty_history():
    history = train(small_net(), *clouds(), epochs=0, progress=False)
    assert len(history) == 0 and "val_loss" in history.columns


def test_means_are_over_samples_not_over_batches():
    X, y = clouds(m=25)
    records = pd.DataFrame(train_steps(small_net(), X, y, epochs=1, batch_size=10))
    history = train(small_net(), X, y, epochs=1, batch_size=10, progress=False)
    for name in ("loss", "accuracy"):
        assert history[name][0] == pytest.approx((records[name] * records["samples"]).sum() / 25, rel=1e-12)


def test_validation_is_measured_after_the_epoch():
    (X, y), net = clouds(), small_net()
    history = train(net, X[:60], y[:60], epochs=2, validation=(X[60:], y[60:]), progress=False)
    assert history["val_loss"].iloc[-1] == pytest.approx(net.loss(X[60:], y[60:]))
    assert history["val_accuracy"].iloc[-1] == pytest.approx(net.accuracy(X[60:], y[60:]))


def test_validation_changes_nothing():
    (X, y), net, other = clouds(), small_net(), small_net()
    train(net, X, y, epochs=2, progress=False)
    train(other, X, y, epochs=2, validation=(X, y), progress=False)
    np.testing.assert_array_equal(net.parameters, other.parameters)


# -- seeds -------------------------------------------------------------------------------------------------------------


def trained(X, y, seed, how=train, **options):
    net = small_net(dtype=np.float32)
    result = how(net, X, y, epochs=3, batch_size=10, optimizer=Adam(0.01), seed=seed, **options)
    return net.parameters, result if how is train else list(result)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    X, y = clouds()
    first, again, other = (trained(X, y, seed, progress=False) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    pd.testing.assert_frame_equal(first[1].drop(columns="seconds"), again[1].drop(columns="seconds"), check_exact=True)
    assert (first[0] != other[0]).any()


def test_a_generator_may_be_the_seed():
    X, y = clouds()
    np.testing.assert_array_equal(
        trained(X, y, 1, progress=False)[0], trained(X, y, np.random.default_rng(1), progress=False)[0]
    )


def test_train_and_train_steps_give_the_same_bits():
    X, y = clouds()
    np.testing.assert_array_equal(trained(X, y, 1, progress=False)[0], trained(X, y, 1, how=train_steps)[0])


def test_the_users_arrays_are_not_changed():
    X, y = clouds()
    before = X.copy(), y.copy()
    train(small_net(), X, y, epochs=2, progress=False)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("kind, settings", [(SGD, (0.1,)), (SGD, (0.02, 0.9)), (RMSprop, (0.01,)), (Adam, (0.01,))])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "sigmoid", "tanh"])
def test_clouds_are_learned(activation, kind, settings):
    (X, y), optimizer = clouds(m=300), kind(*settings)
    net = small_net(activations=activation, dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = train(net, X, y, epochs=20, batch_size=10, optimizer=optimizer, progress=False)
    assert net.accuracy(X, y) > 0.97 and history["loss"].iloc[-1] < history["loss"].iloc[0]


# -- interrupted -------------------------------------------------------------------------------------------------------


class InterruptedAt(SGD):
    """Raises KeyboardInterrupt at this step, as a press of the stop button would."""

    def __init__(self, when):
        super().__init__(0.1)
        self.when, self.count = when, 0

    def step(self, net):
        self.count += 1
        if self.count == self.when:
            raise KeyboardInterrupt
        super().step(net)


@pytest.mark.parametrize("when, epochs", [(1, []), (2, [1]), (10, [1]), (11, [1]), (12, [1, 2]), (20, [1, 2])])
def test_an_interrupt_is_raised_again_and_the_network_has_the_history_so_far(when, epochs):
    (X, y), net = clouds(), small_net()
    with pytest.raises(KeyboardInterrupt):  # swallowed, a loop over learning rates would go on with the next
        train(net, X, y, batch_size=10, optimizer=InterruptedAt(when), validation=(X, y), progress=False)
    history = net.history
    assert list(history["epoch"]) == epochs
    assert "val_loss" in history.columns
    if when == 12:
        assert np.isnan(history["val_loss"].iloc[1]) and not np.isnan(history["loss"].iloc[1])
        assert 0 < history["seconds"].iloc[0] < history["seconds"].iloc[1]


@pytest.mark.parametrize("call", [1, 2])  # validating, and looking whether something was learned
def test_an_interrupt_between_epochs_leaves_one_row_per_epoch(call, monkeypatch):
    (X, y), net = clouds(), small_net()
    calls, score = [], net.score

    def interrupt(*args):
        calls.append(args)
        if len(calls) == call:
            raise KeyboardInterrupt
        return score(*args)

    monkeypatch.setattr(net, "score", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(net, X, y, epochs=3, batch_size=5, validation=(X, y), progress=False)
    assert list(net.history["epoch"]) == [1]


# -- diverged ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("batch_size", [10, None])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind, rate", [(SGD, 1e4), (SGD, 1e30), (RMSprop, 1e300)])
def test_divergence_raises_with_epoch_and_rate_and_without_warnings(kind, rate, dtype, batch_size, no_warning):
    X, _ = clouds()
    net = Network([2, 8, 1], "leaky_relu", **REGRESSION, dtype=dtype)
    optimizer = kind(rate)
    with pytest.raises(ValueError, match=r"diverged in epoch \d+, step \d+: .*learning_rate=.*smaller"):
        train(net, X, X[:, 0], epochs=200, batch_size=batch_size, optimizer=optimizer, progress=False)
    assert np.isfinite(net.parameters).all() and optimizer._owner is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_with_validation_gives_no_warning_either(dtype, no_warning):
    X, _ = clouds()
    net = Network([2, 8, 1], "leaky_relu", **REGRESSION, dtype=dtype)
    with pytest.raises(ValueError, match="diverged"):
        train(net, X, X[:, 0], 200, None, SGD(1e6), validation=(X, X[:, 0]), progress=False)


def test_after_divergence_the_weights_are_those_of_the_epochs_start():
    X, _ = clouds()
    nets = [Network([2, 8, 1], "leaky_relu", **REGRESSION) for _ in range(2)]

    class Jump(SGD):
        count = 0

        def step(self, net):
            self.count += 1
            self.learning_rate = 0.01 if self.count <= 25 else 1e8
            super().step(net)

    with pytest.raises(ValueError, match="epoch 3"):
        train(nets[0], X, X[:, 0], 10, 10, Jump(), seed=1, progress=False)
    train(nets[1], X, X[:, 0], 2, 10, SGD(0.01), seed=1, progress=False)
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)


def test_training_goes_on_after_divergence_with_a_smaller_rate():
    X, _ = clouds()
    net, optimizer = Network([2, 8, 1], "leaky_relu", **REGRESSION), SGD(1e8, momentum=0.9)
    with pytest.raises(ValueError, match="diverged"):
        train(net, X, X[:, 0], batch_size=1, optimizer=optimizer, progress=False)
    optimizer.learning_rate = 0.01
    assert train(net, X, X[:, 0], 20, optimizer=optimizer, progress=False)["loss"].iloc[-1] < 0.1


# -- nothing learned ---------------------------------------------------------------------------------------------------


def test_a_rate_far_too_large_is_warned_of():
    X, _ = clouds(m=400)
    y = np.random.default_rng(0).integers(3, size=400)
    with pytest.warns(UserWarning, match=r"guessing gives 1\.1: nothing was learned.*too large"):
        train(small_net(), X, y, epochs=1, batch_size=10, optimizer=SGD(100), progress=False)


def test_the_warning_of_a_full_batch_names_the_epoch():
    X, _ = clouds()
    y = np.random.default_rng(0).integers(3, size=100)
    with pytest.warns(UserWarning, match="after epoch 20"):
        train(small_net(), X, y, epochs=25, batch_size=None, optimizer=SGD(1e-9), progress=False)


def test_the_warning_points_at_the_callers_line():
    X, y = clouds(m=400)
    with pytest.warns(UserWarning) as caught:
        train(small_net(), X, np.roll(y, 1)[np.random.default_rng(0).permutation(400)], 1, 10, SGD(100), progress=False)
    assert caught[0].filename == __file__


def test_a_regression_is_not_compared_with_guessing(no_warning):
    X, _ = clouds()
    train(Network([2, 4, 1], **REGRESSION), X, 100 * X[:, 0], 1, 4, SGD(1e-6), progress=False)


def test_healthy_nets_get_no_warning(no_warning):
    for seed in range(10):
        for output, loss in [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")]:
            X, y = clouds(m=300, seed=seed)
            train(small_net(output=output, loss=loss, seed=seed), X, y, epochs=1, batch_size=10, progress=False)
            net = Network([2, 8, 1], output="sigmoid", loss="binary_cross_entropy", seed=seed)
            train(net, X, y > 0, epochs=1, batch_size=10, progress=False)


# -- what is printed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("progress", [True, False])
def test_a_short_training_prints_nothing(progress, capfd):
    train(small_net(), *clouds(), epochs=3, progress=progress)
    out = capfd.readouterr()
    assert out.out + out.err == ""


def test_a_long_training_shows_a_bar_unless_told_not_to(monkeypatch, capfd):
    import tqdm.auto

    class Impatient(tqdm.auto.tqdm):
        def __init__(self, *args, delay, **kwargs):
            assert delay > 0
            super().__init__(*args, **{**kwargs, "mininterval": 0})

    monkeypatch.setattr(tqdm.auto, "tqdm", Impatient)
    train(small_net(), *clouds(), epochs=3, progress=False)
    assert capfd.readouterr().err == ""
    train(small_net(), *clouds(), epochs=3)
    assert "samples" in capfd.readouterr().err


def test_the_bar_counts_samples_waits_two_seconds_and_leaves_no_line(monkeypatch):
    import tqdm.auto

    bars = []

    class Bar:
        def __init__(self, **options):
            bars.append((options, moves := []))
            self.update, self.close = moves.append, lambda: moves.append("closed")

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    train(small_net(), *clouds(m=25), epochs=2, batch_size=10, progress=True)
    ((options, moves),) = bars
    assert moves == [10, 10, 5, 10, 10, 5, "closed"]
    assert options == {
        "total": 50, "unit": " samples", "unit_scale": True, "delay": 2, "leave": False, "disable": False,
    }  # fmt: skip
    with pytest.raises(ValueError, match="diverged"):
        train(small_net(**REGRESSION), clouds()[0], np.full((100, 3), 1e200), 3, optimizer=SGD(1e200), progress=False)
    assert bars[1][0]["disable"] and bars[1][1][-1] == "closed"


# -- bad arguments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [0, -1, 2.5])
def test_a_bad_batch_size_is_named(batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size}; expected"):
        train(small_net(), *clouds(), batch_size=batch_size, progress=False)


@pytest.mark.parametrize("epochs", [-1, 2.5, "3"])
def test_bad_epochs_are_named(epochs):
    with pytest.raises(ValueError, match="epochs is"):
        train(small_net(), *clouds(), epochs=epochs, progress=False)


@pytest.mark.parametrize("batch_size", [64, None])
def test_no_rows_are_named(batch_size):
    with pytest.raises(ValueError, match=r"X has no rows"):
        train(small_net(), np.zeros((0, 2)), np.zeros(0, int), batch_size=batch_size, progress=False)


def test_a_bad_validation_set_is_found_before_training():
    (X, y), net = clouds(), small_net()
    before = net.parameters.copy()
    for validation in ((X[:, :1], y), (X, y[:-1]), (X, y + 1)):
        with pytest.raises(ValueError):
            train(net, X, y, validation=validation, progress=False)
    np.testing.assert_array_equal(net.parameters, before)


def test_data_frames_with_any_index_can_be_trained_on():
    X, y = clouds()
    frame, labels = pd.DataFrame(X, index=np.arange(100) / 7), pd.Series(y, index=np.arange(100) / 7 + 50)
    history = train(small_net(), frame, labels, epochs=2, batch_size=4, validation=(frame, labels), progress=False)
    assert history["val_accuracy"].iloc[-1] > 0.9


def test_a_rate_changed_while_training_is_used():
    (X, y), net, optimizer = clouds(), small_net(), SGD(0.1)
    steps = train_steps(net, X, y, optimizer=optimizer)
    next(steps)
    optimizer.learning_rate = 0.0
    before = net.parameters.copy()
    next(steps)
    np.testing.assert_array_equal(net.parameters, before)


# -- early stopping, augmentation, a word after each epoch -------------------------------------------------------------


def test_patience_ends_training_after_so_many_epochs_without_a_better_validation_loss():
    (X, y), (X_val, y_val), rng = clouds(m=60), clouds(m=60, seed=1), np.random.default_rng(0)
    noise = np.where(rng.random(60) < 0.4, rng.integers(3, size=60), y)  # learned by heart: the loss rises elsewhere
    net, twin = small_net(), small_net()
    optimizer = SGD(0.5)
    history = train(net, X, noise, 200, 10, optimizer, (X_val, y_val), patience=5, restore_best=True, progress=False)
    full = train(twin, X, noise, len(history), 10, SGD(0.5), (X_val, y_val), progress=False)
    best = full["val_loss"].idxmin()
    assert len(history) == best + 1 + 5 < 200
    np.testing.assert_array_equal(history["val_loss"], full["val_loss"])
    again = small_net()
    train(again, X, noise, best + 1, 10, SGD(0.5), progress=False)
    np.testing.assert_array_equal(net.parameters, again.parameters)  # those of the best epoch
    assert net.loss(X_val, y_val) == history["val_loss"].min() < twin.loss(X_val, y_val)


def test_restore_best_works_without_patience_and_after_an_interrupt():
    X, y = clouds()
    for call in (1, 2):
        net = small_net()

        def callback(row, net=net, stop=call == 2):
            if row["epoch"] == 2:
                net.parameters *= -50  # spoiled: epoch 3 is worse
            if row["epoch"] == 3 and stop:
                raise KeyboardInterrupt

        try:
            train(net, X, y, 3, None, SGD(1e-9), (X, y), restore_best=True, callback=callback, progress=False)
        except KeyboardInterrupt:
            assert call == 2
        assert net.loss(X, y) == net.history["val_loss"].min() and np.abs(net.parameters).max() < 20


def test_augment_is_applied_to_each_batch_and_not_to_the_order_of_rows():
    X, y = clouds(m=25)
    seen = []

    def shifted(X_batch, rng):
        seen.append((X_batch.copy(), rng.normal()))
        X_batch += 1  # a copy: the user's rows stay
        return X_batch

    net, by_hand = small_net(), small_net()
    before = X.copy()
    train(net, X, y, 2, 10, SGD(0.1), seed=7, augment=shifted, progress=False)
    train(by_hand, X + 1, y, 2, 10, SGD(0.1), seed=7, progress=False)
    np.testing.assert_allclose(net.parameters, by_hand.parameters)
    np.testing.assert_array_equal(X, before)
    assert [len(X_batch) for X_batch, _ in seen] == [10, 10, 5] * 2
    assert len({number for _, number in seen}) == 6
    train(net, X, y, 1, None, augment=shifted, progress=False)
    np.testing.assert_array_equal(X, before)  # in a full batch, too


def test_images_augment_can_be_given_as_it_is(dataset):
    from nnlib import images

    data, net = dataset("mnist-5k"), Network([784, 16, 10])
    history = train(net, data.X_train[:256], data.y_train[:256], 2, 64, augment=images.augment, progress=False)
    assert history["loss"].iloc[1] < history["loss"].iloc[0]


@pytest.mark.parametrize("wrong", [lambda X, rng: X[:3], lambda X, rng: None, lambda X, rng: X.astype(str)])
def test_an_augment_that_returns_something_else_is_named(wrong):
    X, y = clouds()
    with pytest.raises(ValueError, match=r"augment made .* of a batch .*; expected the same shape"):
        train(small_net(), X, y, augment=wrong, progress=False)


def test_the_callback_is_given_each_epochs_row():
    (X, y), rows = clouds(), []
    history = train(small_net(), X, y, 3, validation=(X, y), callback=rows.append, progress=False)
    assert pd.DataFrame(rows).equals(history)


@pytest.mark.parametrize("options", [{"patience": 3}, {"restore_best": True}])
def test_early_stopping_without_validation_rows_is_refused(options):
    X, y = clouds()
    with pytest.raises(ValueError, match=r"give validation=\(X_val, y_val\)"):
        train(small_net(), X, y, **options)


@pytest.mark.parametrize("patience", [0, -1, 2.5, "3"])
def test_a_bad_patience_is_named(patience):
    X, y = clouds()
    with pytest.raises(ValueError, match=r"patience is .*; expected a whole number from 1"):
        train(small_net(), X, y, validation=(X, y), patience=patience)


# -- forms of X --------------------------------------------------------------------------------------------------------


def test_rows_in_any_order_and_type_train_to_the_same_bits():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 2, (60, 2)), np.arange(60) % 3
    trained = []
    wide = np.zeros((60, 4))
    wide[:, ::2] = X
    forms = (X.astype(np.float32), X.astype(np.float64), X, X.astype(np.uint8), X.astype(np.int8), X.astype(bool),
             np.asfortranarray(X.astype(np.float32)), wide[:, ::2], pd.DataFrame(X, index=range(100, 160)))  # fmt: skip
    for form in forms:
        net = small_net(dtype=np.float32)
        train(net, form, y, 2, 10, progress=False)
        trained.append(np.concatenate([net.parameters, net.forward(form).ravel(), [net.loss(form, y)]]))
    for other in trained[1:]:
        np.testing.assert_array_equal(other, trained[0])


@pytest.mark.parametrize("make", [np.asfortranarray, lambda X: np.ascontiguousarray(X.T).T, lambda X: X[:, ::-1]])
def test_columns_are_laid_into_rows_once(make):
    X = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    given = make(X)
    checked = small_net(dtype=np.float32).check_X(given)
    assert not given.flags.c_contiguous and checked.flags.c_contiguous
    np.testing.assert_array_equal(checked, given)


def test_bytes_stay_bytes_until_a_batch_needs_them():
    net, X = Network([784, 2]), np.zeros((10, 784), np.uint8)
    assert net.check_X(X) is X
    given = np.zeros((10, 784), np.float32)
    assert net.check_X(given) is given  # nor is a copy made of what fits


def test_a_refused_training_changes_nothing():
    net = Network([2, 4, 1], **REGRESSION)
    X, _ = clouds()
    for options in ({"epochs": -1}, {"batch_size": 0}, {"validation": (X, X)}, {"patience": 2}):
        with pytest.raises(ValueError):
            train(net, X, X[:, :1], progress=False, **options)
        assert net.predict(X).shape == (100,) and net.history is None


def test_after_a_diverged_training_the_history_so_far_is_at_hand():
    X, _ = clouds()
    net = Network([2, 8, 1], "leaky_relu", **REGRESSION)
    rate = [0.01]

    def spoil(row):
        rate[0] = 1e30 if row["epoch"] == 3 else 0.01

    with pytest.raises(ValueError, match="diverged in epoch 4"):
        train(net, X, X[:, 0], 10, 10, SGD(lambda step: rate[0]), callback=spoil, progress=False)
    assert list(net.history["epoch"]) == [1, 2, 3]
