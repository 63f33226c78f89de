"""How many photographs of each kind are read: nnlib.images.photographs drawn from MNIST's test digits.

    python benchmarks/pictures.py [mnist, or the path of MNIST's files] [--n 50] [--other] [--seed 0]

Counts are of digits that the network reads on plain paper or not; "sure" are wrong answers above 90 %.
`--other` draws with pens, papers, boxes and light with which `prepare` was not developed.
"""

import argparse
import time
import warnings

import numpy as np

import nnlib
from nnlib import images
from nnlib.images import photographs

LENGTH = 5  # digits in a row


def read_kind(net, X, y, kind, seed, other):
    """Right or wrong and the answer's probability for each digit, and milliseconds a picture."""
    right, sure, seconds = [], [], 0.0
    for k, (digit, label) in enumerate(zip(X, y)):
        picture = photographs.photograph(digit, kind, [seed, k], other)
        begin = time.process_time()
        try:
            P = net.predict_proba(images.prepare(picture).reshape(1, 784))[0]
        except ValueError:
            P = np.zeros(10) - 1
        seconds += time.process_time() - begin
        right.append(P.argmax() == label and P.max() >= 0)
        sure.append(P.max())
    return np.array(right), np.array(sure), 1000 * seconds / len(y)


def read_rows(net, X, y, kind, seed, other):
    """How many rows of LENGTH digits are read exactly."""
    right = 0
    for k in range(0, len(X) - LENGTH + 1, LENGTH):
        picture = photographs.photograph_row(X[k : k + LENGTH], kind, [seed, k], other)
        try:
            answers = images.split_digits(picture, stages=True, network=net)["probabilities"].argmax(axis=1)
        except ValueError:
            answers = []
        right += list(answers) == list(y[k : k + LENGTH])
    return right, len(X) // LENGTH


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default="mnist")
    parser.add_argument("--n", type=int, default=50, help="digits of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--other", action="store_true")
    parser.add_argument("--kinds", nargs="*", default=list(photographs.KINDS))
    parser.add_argument("--rows", type=int, default=30)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    data, net = nnlib.load_dataset(args.data, 0), nnlib.load_pretrained()
    some = np.random.default_rng(args.seed).permutation(len(data.X_test))[: max(args.n, 5 * args.rows)]
    X, y = data.X_test[some].reshape(-1, 28, 28), data.y_test[some]
    total, wrong = 0, 0
    for kind in args.kinds:
        right, sure, ms = read_kind(net, X[: args.n], y[: args.n], kind, args.seed, args.other)
        sure_wrong = np.sum(~right & (sure > 0.9))
        total, wrong = total + len(right), wrong + sure_wrong
        print(f"{kind:18s} {right.sum():4d} / {len(right)}   sure {sure_wrong:3d}   {ms:5.1f} ms", flush=True)
    print(f"wrong and above 90 %: {wrong} of {total}")
    for kind in ("apart", "touching", "boxes") if args.rows else ():
        right, n = read_rows(net, X[: 5 * args.rows], y[: 5 * args.rows], kind, args.seed, args.other)
        print(f"rows, {kind:12s} {right:4d} / {n}", flush=True)


if __name__ == "__main__":
    main()
