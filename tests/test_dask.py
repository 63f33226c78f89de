"""A sweep on a Dask cluster, of whose two processes one is killed in the middle: the same numbers as on one process."""

import os
import signal
import threading
import time

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits

import nnlib

distributed = pytest.importorskip("distributed", reason="Dask is not installed (pip install nnlib[dask])")


def score(X, y, rate, seed, log):
    """Accuracy of a small net on the last rows, after a note of who computes it and where X lies in its memory."""
    with open(log, "a") as file:
        file.write(f"{os.getpid()} {X.ctypes.data}\n")
    net = nnlib.Network([64, 16, 10], seed=seed)
    nnlib.train(net, X[:1400], y[:1400], 20, optimizer=nnlib.SGD(rate), seed=seed, progress=False)
    return net.accuracy(X[1400:], y[1400:])


def test_a_worker_dies_in_the_middle_of_a_sweep(tmp_path):
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    log = tmp_path / "log"
    jobs = [joblib.delayed(score)(X, y, rate, seed, str(log)) for rate in (0.1, 0.2, 0.4) for seed in range(8)]
    alone = joblib.Parallel(n_jobs=1)(jobs)

    log.write_text("")
    killed = []

    def kill_one():
        while len(lines := log.read_text().splitlines()) < 6:
            time.sleep(0.01)
        killed.append(int(lines[-1].split()[0]))
        os.kill(killed[0], signal.SIGKILL)

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask", scatter=[X, y]),
    ):
        killer = threading.Thread(target=kill_one)
        killer.start()
        on_two = joblib.Parallel()(jobs)
        killer.join()
    assert on_two == alone

    notes = np.array([line.split() for line in log.read_text().splitlines()], np.int64)
    assert killed[0] in notes[:, 0] and len(notes) > len(jobs)  # what it was about to do was done again
    processes, places = len(set(notes[:, 0])), len({tuple(note) for note in notes})
    assert processes == places <= 3  # X was sent once to each process (the killed one has a successor), not per task
