"""Mutated real pictures into `prepare` and `split_digits`: nothing but ValueError and OSError may come out.

    python tests/fuzz_images.py [SECONDS] [SEED]      five minutes unless told; not on Windows

test_images.py runs seconds of it, on every system.
Prints what came out and how often, and the process's highest memory use; fails when that passes 1 GB.
"""

import io
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from nnlib import images

SAMPLES = Path(__file__).parents[1] / "data" / "samples"


def seeds():
    """The sample pictures in every format and mode that is read: a list of bytes."""
    found = [path.read_bytes() for path in sorted(SAMPLES.iterdir())]
    picture = Image.open(SAMPLES / "transparent_3.png")
    small = Image.open(SAMPLES / "my_digit.png")
    for mode, kinds in {"L": ("GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG"), "RGBA": ("PNG", "WEBP", "TIFF"),
                        "P": ("PNG", "GIF", "BMP"), "1": ("PNG", "TIFF"), "CMYK": ("JPEG", "TIFF"),
                        "LA": ("PNG",), "RGB": ("JPEG", "BMP", "WEBP")}.items():  # fmt: skip
        for kind in kinds:
            found.append(encode(picture.convert(mode), kind))
    found.append(encode(Image.fromarray(np.asarray(small, np.uint16) * 257), "PNG"))
    found.append(encode(small, "GIF", save_all=True, append_images=[small.rotate(90)]))
    found.append(encode(small, "TIFF", compression="tiff_lzw"))
    exif = Image.Exif()
    exif[0x0112] = 6
    found.append(encode(picture.convert("RGB"), "JPEG", exif=exif))
    return found


def encode(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def mutate(data, rng):
    """One to twenty changes: bytes set or flipped, a part cut out, doubled or zeroed, the end cut off."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 21)):
        near_start = rng.random() < 0.5  # headers are short and matter most
        at = int(rng.integers(min(len(data), 200) if near_start else len(data)))
        length, kind = int(rng.integers(1, 64)), rng.integers(7)
        if kind <= 1:
            data[at] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)]))
        elif kind == 2:
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 3:
            del data[at : at + length]
        elif kind == 4:
            data[at:at] = data[at : at + length]
        elif kind == 5:
            data[at : at + 4] = bytes(4)
        elif rng.random() < 0.2:
            del data[at + 1 :]
        if not data:
            break
    return bytes(data)


def random_array(rng):
    """An array of any kind and shape, often a wrong one."""
    shape = tuple(rng.choice([0, 1, 2, 3, 4, 8, 28, 57, 300], size=rng.choice([1, 2, 2, 2, 3, 3, 4])))
    array = rng.random(shape[:2] + tuple(min(n, 5) for n in shape[2:])) ** rng.choice([0.1, 1, 20])
    dtype = rng.choice(["uint8", "uint16", "int64", "float16", "float32", "float64", "bool", "complex128"])
    array = (array * rng.choice([0, 1, 255, 65535, 1e300, -1])).astype(dtype)
    if array.dtype.kind == "f" and array.size and rng.random() < 0.2:
        array.flat[rng.integers(array.size)] = rng.choice([np.nan, np.inf, -np.inf])
    return array


def fuzz(seconds, seed=0):
    """Counts of what came out, by name. Raises what must not come out, its input written to a file beside."""
    rng, pool, outcomes = np.random.default_rng(seed), seeds(), Counter()
    end = time.monotonic() + seconds
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        while time.monotonic() < end:
            source = random_array(rng) if rng.random() < 0.15 else mutate(pool[rng.integers(len(pool))], rng)
            try:
                digits = images.prepare(source)[None] if rng.random() < 0.7 else images.split_digits(source)
                assert digits.shape[1:] == (28, 28) and digits.dtype == np.float32
                assert digits.min() >= 0 and digits.max() <= 1, "not in [0, 1], or NaN"
                outcomes["a digit"] += 1
            except (ValueError, OSError) as error:
                outcomes[type(error).__name__] += 1
            except BaseException:
                if not isinstance(source, bytes):
                    file = io.BytesIO()
                    np.save(file, source)
                    source = file.getvalue()
                Path("fuzz_failure.bin").write_bytes(source)
                raise
    return outcomes


if __name__ == "__main__":
    import resource  # not on Windows, where test_images.py imports this file

    counts = fuzz(float(sys.argv[1]) if len(sys.argv) > 1 else 300, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1024)
    print(*(f"{name}: {n:,}" for name, n in counts.most_common()), f"memory: {megabytes:.0f} MB", sep="\n")
    sys.exit(megabytes > 1000)
