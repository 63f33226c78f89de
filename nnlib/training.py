"""Training: `train_steps` makes one update at a time, `train` whole epochs."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nnlib.files import Checkpoint, FilePath
from nnlib.layers import BatchNorm, whole
from nnlib.network import Network
from nnlib.optimizers import SGD, Optimizer
from nnlib.threads import IN_BROWSER, on_best_threads


def train_steps(net: Network, X: ArrayLike, y: ArrayLike, epochs: int = 10, batch_size: int | None = 64,
                optimizer: Optimizer | None = None, seed: int | np.random.Generator = 0,
                augment: Callable | None = None) -> Iterator[dict[str, float]]:  # fmt: skip
    """A generator that trains `net` in place, one update each time it is asked for its next record.

    X (m, n_in) and y as `inputs.targets` takes it. Each epoch takes the rows in a new order, drawn with `seed` (a
    number or a Generator); its last batch may be shorter. `batch_size=None` is full batch. `optimizer` is `SGD(0.1)`
    unless given. `augment(X_batch, rng)` returns what is learned in place of each batch, in the same shape: moved
    pictures (`images.augment`), noise. Yields a dict: step and epoch (both from 1), samples in the batch, loss and
    accuracy of the batch before its update (accuracy NaN for a regression).

    Raises ValueError when X and y do not fit, and when training diverges: the network is then as it was at the start of
    the epoch, and the optimizer is reset.
    """
    ready = _prepare(net, X, y, epochs, batch_size, optimizer, seed, augment)
    return _steps(net, range(1, epochs + 1), augment, *ready)


def _prepare(net, X, y, epochs, batch_size, optimizer, seed, augment):
    """X, Y, the number of rows in a batch and the optimizer, all checked; generators of the order and for `augment`."""
    X, Y = net.check_X_y(X, y)
    whole("epochs", epochs, least=0)
    if batch_size is not None:
        whole("batch_size", batch_size, hint=", or None for full batch")
    size = min(batch_size or len(X), len(X))
    norms = [n for layer, n in zip(net.layers, net.shapes) if isinstance(layer, BatchNorm) and layer.trainable]
    if 1 in map(len, norms) and 1 in (size, len(X) % size):
        raise ValueError(f"batches of {size} of {len(X)} rows leave one alone, which has no variance; choose another")
    optimizer = SGD() if optimizer is None else optimizer
    if not callable(getattr(optimizer, "step", None)) or isinstance(optimizer, type):
        raise ValueError(f"optimizer is {optimizer!r}; expected one such as nnlib.Adam(0.001)")
    rng = np.random.default_rng(seed)
    # A stream of its own: the order of the rows is the same with and without.
    noise = np.random.Generator(rng.bit_generator.jumped()) if augment else None
    net.target_ndim = np.ndim(y)  # last: what is refused changes nothing
    return X, Y, size, optimizer, rng, noise


def _steps(net, epochs, augment, X, Y, size, optimizer, rng, noise):
    for epoch in epochs:
        at_start = net.parameters.copy(), net.state()
        order = rng.permutation(len(X))
        for start in range(0, len(X), size):
            rows = order[start : start + size]
            # `take` copies rows faster than X[rows]; full batch needs neither copy nor order.
            X_batch, Y_batch = (X, Y) if size == len(X) else (X.take(rows, axis=0), Y.take(rows, axis=0))
            if augment:
                X_batch = _augmented(augment, X_batch.astype(net.dtype), noise)
            step = (epoch - 1) * -(-len(X) // size) + start // size + 1
            with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told below, in words
                loss, Z = net.loss_and_gradient(X_batch, Y_batch)
                optimizer.step(net)
            last = start + size >= len(X)
            if not np.isfinite(loss) or (last and not np.isfinite(net.parameters).all()):
                net.parameters = at_start[0]
                net.restore(at_start[1])
                optimizer.reset()
                raise ValueError(
                    f"training diverged in epoch {epoch}, step {step}: the loss is {loss} with {optimizer}. The "
                    "weights are those of the epoch's start again. Try a learning rate ten times smaller, scaled "
                    "inputs, or a new network"
                )
            accuracy = net.accuracy_of(Z, Y_batch)
            yield {"step": step, "epoch": epoch, "samples": len(X_batch), "loss": loss, "accuracy": accuracy}


def _augmented(augment, X, rng):
    new = np.asarray(augment(X, rng))
    if new.shape != X.shape or new.dtype.kind not in "biuf" or not np.isfinite(new).all():
        raise ValueError(f"augment made {new.shape} {new.dtype} of a batch {X.shape}; expected the same shape, finite")
    return new


def train(net: Network, X: ArrayLike, y: ArrayLike, epochs: int = 10, batch_size: int | None = 64,
          optimizer: Optimizer | None = None, validation: tuple[ArrayLike, ArrayLike] | None = None,
          seed: int | np.random.Generator = 0, progress: bool = not IN_BROWSER, patience: int | None = None,
          restore_best: bool = False, augment: Callable | None = None, callback: Callable | None = None,
          checkpoint: FilePath | None = None) -> pd.DataFrame:  # fmt: skip
    """Train `net` in place and return its history, a DataFrame with one row per epoch; `net.history` is the same.

    Arguments and errors as in `train_steps`; `validation` is a pair (X_val, y_val). Columns: epoch; loss and accuracy,
    means over the epoch's samples, each batch before its update; val_loss and val_accuracy after the epoch (NaN without
    validation); seconds of training since the start, validation left out. A bar appears if training lasts more than two
    seconds, unless `progress=False`, which is the rule in a browser.

    patience      early stopping: end after so many epochs in a row without a smaller val_loss
    restore_best  in the end, go back to the parameters of the epoch with the smallest val_loss
    callback      called after each epoch with its row of the history, a dict
    checkpoint    path of a file, written after each epoch, whole or not at all. Where it exists, training goes on from
                  it, to the same bits as without a break (with OPENBLAS_NUM_THREADS=1: else the number of threads is
                  chosen by trial); ValueError if it is another training's (rows, settings)

    However training ends, `net.history` holds what there was; KeyboardInterrupt is raised again. Warns when a
    classifier has learned nothing by the end of an epoch, the first with 20 steps behind it.
    """
    from tqdm.auto import tqdm

    if validation is None and (patience is not None or restore_best):
        raise ValueError("patience and restore_best look at the validation loss; give validation=(X_val, y_val)")
    patience = np.inf if patience is None else whole("patience", patience)
    if validation is not None and not (isinstance(validation, tuple | list) and len(validation) == 2):
        raise ValueError(f"validation is {validation!r:.60}; expected a pair (X_val, y_val)")
    held_back = None if validation is None else net.check_X_y(*validation)
    X, Y, size, optimizer, *rngs = ready = _prepare(net, X, y, epochs, batch_size, optimizer, seed, augment)
    kept = Checkpoint(checkpoint, net, optimizer, rngs, X, Y, seed, batch_size=size) if checkpoint else None
    history, seconds, best, least, best_epoch = kept.read() if kept else ([], 0.0, None, np.inf, 0)
    left = range(len(history) + 1, epochs + 1)
    records, started, may_warn = [], None, net.is_classifier
    bar = tqdm(total=len(left) * len(X), unit=" samples", unit_scale=True, delay=2, leave=False, disable=not progress)
    try:
        with closing(on_best_threads(_steps(net, left, augment, *ready))) as steps:
            for epoch in left:
                if epoch - 1 - best_epoch >= patience:
                    break
                started = time.perf_counter()
                for record in islice(steps, -(-len(X) // size)):
                    records.append(record)
                    bar.update(record["samples"])
                seconds, started = seconds + time.perf_counter() - started, None
                row = _summarize(records, seconds)
                if held_back:
                    row["val_loss"], row["val_accuracy"] = net.score(*held_back)
                history.append(row)
                last, records = records[-1], []
                if row["val_loss"] < least:
                    least, best_epoch = row["val_loss"], epoch
                    best = (net.parameters.copy(), net.state()) if restore_best else None
                if callback:
                    callback(row)
                if kept:
                    kept.write(history, best)
                if may_warn and last["step"] >= 20:  # full batch: an epoch is a single step, too early to judge
                    may_warn = False
                    _warn_if_nothing_learned(net, X, Y, last["epoch"])
    except KeyboardInterrupt:
        if records:
            history.append(_summarize(records, seconds + (time.perf_counter() - started if started else 0)))
        raise
    finally:
        bar.close()
        columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
        net.history = pd.DataFrame(history, columns=columns)
        if best:
            net.parameters = best[0]
            net.restore(best[1])
    return net.history


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
