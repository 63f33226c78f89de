"""Run the tests as other processors would compute: `make test-cpus`, or `python tools/other_cpus.py [for pytest]`.

OPENBLAS_CORETYPE chooses the kernels of the matrix products and OPENBLAS_NUM_THREADS their number of threads;
NPY_DISABLE_CPU_FEATURES switches NumPy's own vector loops off. A sum in another order ends in another last bit, so what
depends on one processor shows. Prints for each variant what really ran, since a processor has not all kernels.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORES = ("Haswell", "SkylakeX", "Zen", "Nehalem", "Prescott")
WITHOUT_AVX512 = ("AVX512", "X86_V4")  # how the names of such features begin, in old and new NumPy
WITHOUT_AVX2 = (*WITHOUT_AVX512, "AVX2", "FMA3", "X86_V3")
# The notebooks' cells and what computes; neither browser nor make.
COMPUTING = ("accuracy", "activations", "checkpoints", "checks", "data_tables", "datasets", "layers", "losses",
             "network", "optimizers", "pretrained", "training", *(f"notebook_0{k}" for k in range(1, 7)))  # fmt: skip
TESTS = ["notebooks", *(f"tests/test_{name}.py" for name in COMPUTING)]

PROBE = """
import json, sys, warnings
import numpy as np
from threadpoolctl import threadpool_info
try:
    from numpy._core import _multiarray_umath as umath
except ImportError:  # NumPy 1
    from numpy.core import _multiarray_umath as umath
for dtype in (np.float32, np.float64):
    A = np.ones((50, 50), dtype)
    assert ((A @ A) == 50).all()
found = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name]]
blas = [lib for lib in threadpool_info() if lib["internal_api"] == "openblas"]
print(json.dumps([[f"{lib['architecture']} x{lib['num_threads']}" for lib in blas], found]))
"""


def probe(environment):
    """The kernels that OpenBLAS runs and NumPy's features in use; None if this processor cannot run them."""
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def variants():
    """Name and environment of each."""
    found = probe(os.environ)[1]
    for core in CORES:
        for threads in ("1", "2"):
            yield f"{core}, {threads} threads", {"OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": threads}
    for name, starts in (("AVX512", WITHOUT_AVX512), ("AVX2 and AVX512", WITHOUT_AVX2)):
        off = [feature for feature in found if feature.startswith(starts)]
        if off:
            yield f"NumPy without {name}", {"NPY_DISABLE_CPU_FEATURES": " ".join(off)}


def main(arguments):
    arguments = arguments or TESTS
    print("| variant | OpenBLAS ran | NumPy used | result | seconds |\n|---|---|---|---|---|", flush=True)
    failed, ran = [], {}
    for name, settings in variants():
        environment = os.environ | settings
        told = probe(environment)
        if told is None:
            print(f"| {name} | not on this processor | | | |", flush=True)
            continue
        what = ", ".join(told[0]), " ".join(told[1]) or "nothing but the baseline"
        if what in ran:
            print(f"| {name} | {what[0]} | {what[1]} | as {ran[what]} | |", flush=True)
            continue
        ran[what], started = name, time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        result = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-500:]
        print(f"| {name} | {what[0]} | {what[1]} | {result} | {time.monotonic() - started:.0f} |", flush=True)
        if done.returncode:
            failed.append(name)
            print(*(line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))), sep="\n")
    sys.exit(f"failed: {'; '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
