"""Points in the plane to train on: the shapes that everybody tries first."""

import numpy as np

from nnlib.extras import from_an_extra

SHAPES = ("rings", "XOR", "moons", "spiral", "blobs")


@from_an_extra()
def points(shape: str, noise: float = 0.1, n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """X (n, 2) between about -1.5 and 1.5, and classes y (n,): one of SHAPES, each point moved by normal `noise`."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    if shape in ("rings", "moons", "blobs"):
        from sklearn.datasets import make_blobs, make_circles, make_moons
    if shape == "rings":
        X, y = make_circles(n, factor=0.5, random_state=seed)
    elif shape == "moons":
        X, y = make_moons(n, random_state=seed)
        X = X - (0.5, 0.25)
    elif shape == "blobs":
        X, y = make_blobs(n, centers=[(-0.8, -0.6), (0.8, -0.6), (0, 0.9)], cluster_std=0.15, random_state=seed)
    elif shape == "XOR":
        X = rng.uniform(-1.2, 1.2, (n, 2))
        y = (X[:, 0] * X[:, 1] > 0).astype(int)
    else:
        turn = np.sqrt(rng.uniform(0.02, 1, n)) * 3 * np.pi
        X = np.stack([np.cos(turn + np.pi * y), np.sin(turn + np.pi * y)], axis=1) * turn[:, None] / 7
    return (X + rng.normal(0, noise, X.shape)).astype(np.float32), y
