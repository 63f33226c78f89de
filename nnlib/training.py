"""Training: `train_steps` makes one update at a time, `train` whole epochs."""

import time
import warnings
from itertools import islice
from numbers import Integral

import numpy as np
import pandas as pd

from nnlib.optimizers import SGD


def train_steps(net, X, y, epochs=10, batch_size=64, optimizer=None, seed=0):
    """A generator that trains `net` in place, one update each time it is asked for its next record.

    X (m, n_in) and y as `Network.targets` takes it. Each epoch takes the rows in a new order, drawn with `seed` (a
    number or a Generator); its last batch may be shorter. `batch_size=None` is full batch. `optimizer` is `SGD(0.1)`
    unless given. Yields a dict: step and epoch (both from 1), samples in the batch, loss and accuracy of the batch
    before its update (accuracy NaN for a regression).

    Raises ValueError when X and y do not fit the network, and when the training diverges: the parameters are then those
    of the start of the epoch, and the optimizer is reset.
    """
    return _steps(net, *_check(net, X, y, epochs, batch_size), epochs, optimizer, seed)


def _check(net, X, y, epochs, batch_size):
    """X, Y and the number of rows in a batch, all checked."""
    X, Y = net.check(X, y)
    net.target_ndim = np.ndim(y)
    if not isinstance(epochs, Integral) or epochs < 0:
        raise ValueError(f"epochs is {epochs!r}; expected a whole number from 0")
    if batch_size is None:
        return X, Y, len(X)
    if not isinstance(batch_size, Integral) or batch_size < 1:
        raise ValueError(f"batch_size is {batch_size!r}; expected a whole number from 1, or None for full batch")
    return X, Y, min(batch_size, len(X))


def _steps(net, X, Y, size, epochs, optimizer, seed):
    optimizer = SGD() if optimizer is None else optimizer
    rng = np.random.default_rng(seed)
    step = 0
    for epoch in range(1, epochs + 1):
        at_start = net.parameters.copy()
        order = rng.permutation(len(X))
        for start in range(0, len(X), size):
            rows = order[start : start + size]
            # `take` copies rows faster than X[rows]; full batch needs neither copy nor order.
            X_batch, Y_batch = (X, Y) if size == len(X) else (X.take(rows, axis=0), Y.take(rows, axis=0))
            step += 1
            with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told below, in words
                loss, Z = net.loss_and_gradient(X_batch, Y_batch)
                optimizer.step(net)
            last = start + size >= len(X)
            if not np.isfinite(loss) or (last and not np.isfinite(net.parameters).all()):
                net.parameters[:] = at_start
                optimizer.reset()
                raise ValueError(
                    f"training diverged in epoch {epoch}, step {step}: the loss is {loss} with {optimizer}. The "
                    "weights are those of the epoch's start again. Try a learning rate ten times smaller, scaled "
                    "inputs, or a new network"
                )
            accuracy = net.share_right(Z, Y_batch)
            yield {"step": step, "epoch": epoch, "samples": len(X_batch), "loss": loss, "accuracy": accuracy}


def train(net, X, y, epochs=10, batch_size=64, optimizer=None, validation=None, seed=0, progress=True):
    """Train `net` in place and return its history, a DataFrame with one row per epoch.

    Arguments and errors as in `train_steps`; `validation` is a pair (X_val, y_val). Columns: epoch; loss and accuracy,
    means over the epoch's samples, each batch before its update; val_loss and val_accuracy after the epoch (NaN without
    validation); seconds of training since the start, validation left out. A bar appears if training lasts more than two
    seconds, unless `progress=False`. An interrupt ends the training and returns the history so far, a begun epoch
    included. Warns when a classifier has learned nothing by the end of an epoch, the first with 20 steps behind it.
    """
    from tqdm.auto import tqdm

    X, Y, size = _check(net, X, y, epochs, batch_size)
    steps = _steps(net, X, Y, size, epochs, optimizer, seed)
    held_back = None if validation is None else net.check(*validation)
    history, records, seconds, started, may_warn = [], [], 0.0, None, net.is_classifier
    bar = tqdm(total=epochs * len(X), unit=" samples", unit_scale=True, delay=2, leave=False, disable=not progress)
    try:
        for _ in range(epochs):
            started = time.perf_counter()
            for record in islice(steps, -(-len(X) // size)):
                records.append(record)
                bar.update(record["samples"])
            seconds, started = seconds + time.perf_counter() - started, None
            row = _summarize(records, seconds)
            if held_back:
                with np.errstate(over="ignore", invalid="ignore"):
                    row["val_loss"], row["val_accuracy"] = net.score(*held_back)
            history.append(row)
            last, records = records[-1], []
            if may_warn and last["step"] >= 20:  # full batch: an epoch is a single step, too early to judge
                may_warn = False
                _warn_if_nothing_learned(net, X, Y, last["epoch"])
    except KeyboardInterrupt:
        if records:
            history.append(_summarize(records, seconds + (time.perf_counter() - started if started else 0)))
    finally:
        bar.close()
    return pd.DataFrame(history, columns=["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"])


def _summarize(records, seconds):
    """One row of the history from the records of an epoch."""
    samples = [record["samples"] for record in records]
    means = {k: np.average([record[k] for record in records], weights=samples) for k in ("loss", "accuracy")}
    return {"epoch": records[0]["epoch"], **means, "val_loss": np.nan, "val_accuracy": np.nan, "seconds": seconds}


def _warn_if_nothing_learned(net, X, Y, epoch):
    some = slice(None, None, -(-len(X) // 1000))  # up to 1,000 rows from all over, in case they are sorted by class
    (loss, _), chance = net.score(X[some], Y[some]), net.guess_loss()
    # A net that answers with the classes' frequencies is a little below ln K where these are not quite equal.
    if loss >= 0.99 * chance:
        warnings.warn(
            f"the loss is {loss:.3g} after epoch {epoch}, and guessing gives {chance:.3g}: nothing was learned yet. "
            "Usual reasons: a rate far too large (or small), unscaled inputs, labels that do not belong to the rows",
            stacklevel=3,
        )
