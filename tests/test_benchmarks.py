"""What `make bench` measures with: every peer trains every net that it takes, and takes its turns. Not how fast."""

from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def scripts(monkeypatch):
    """The modules `peers` and `turns`."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import peers
    import turns

    return peers, turns


def test_every_peer_learns(scripts):
    peers, turns = scripts
    rng, tried, y = np.random.default_rng(0), 0, np.arange(150) % 2
    for net in peers.NETS:
        X = rng.random((150, peers.SIZES.get(net, ([784],))[0][0]), np.float32)
        X[:, ::2] *= y[:, None]  # half of the inputs tell the class
        for peer, ready in peers.PEERS.items():
            for optimizer in ("sgd", "adam") if net == "E" else ("sgd",):
                if turns.installed(peers.module(peer)) and peers.takes(peer, net, optimizer):
                    epoch, accuracy = ready(net, optimizer, 64, X, y)  # and a batch that is shorter
                    losses = [epoch() for _ in range(30)]
                    if peer != "floor":
                        assert losses[-1] < losses[0] and 0.9 < accuracy(X[:40], y[:40]) <= 1, (peer, net, optimizer)
                    tried += 1
    assert tried >= 20


def test_turns(scripts, tmp_path):
    _, turns = scripts
    child = tmp_path / "child.py"
    child.write_text(
        f"import itertools, sys\nsys.path.insert(0, {str(FOLDER)!r})\nimport turns\n"
        "count = itertools.count()\nturns.take_turns(lambda: {'turn': next(count), 'name': sys.argv[1]})\n"
    )
    commands = {name: [str(child), name] for name in "ab"}
    for afresh, expected in ((False, [0, 1, 2]), (True, [0, 0, 0])):
        results = turns.in_turn(commands, 3, anyhow=True, afresh=afresh)
        assert [one["turn"] for one in results["b"]] == expected and turns.middle(results["a"], "turn") == expected[1]
        assert {one["name"] for one in results["a"]} == {"a"}


def test_a_peer_that_fails_is_told(scripts):
    _, turns = scripts
    with pytest.raises(RuntimeError, match="ended; its message stands above"):
        turns.in_turn({"a": ["-c", "print('ready'); 1 / 0"]}, 1, anyhow=True)


def test_a_busy_machine_is_told(scripts, monkeypatch):
    _, turns = scripts
    monkeypatch.setattr(turns, "FOREIGN", -np.inf)
    monkeypatch.setattr(turns, "PATIENCE", 2)
    child = f"import sys; sys.path.insert(0, {str(FOLDER)!r}); import turns; turns.take_turns(dict)"
    with pytest.raises(RuntimeError, match="other programs keep this machine busy"):
        turns.in_turn({"a": ["-c", child]}, 1)
