"""Draw the sample pictures in data/samples, as a person with a pen and a camera would make them.

    python tools/draw_samples.py [FOLDER]

Each digit is a polyline, smoothed, drawn with a round pen; then come the paper, the light and the noise of a camera.
my_digit.png is not made here. The file's name says what is in the picture: the label, or the number, comes last.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import splev, splprep

# Strokes of each digit in a field 1 wide and 1.6 high, y downwards.
STROKES = {
    0: [[(0.55, 0), (0.1, 0.4), (0.1, 1.2), (0.5, 1.6), (0.9, 1.2), (0.9, 0.4), (0.5, 0.02)]],
    1: [[(0.3, 0.35), (0.45, 0.2), (0.55, 0.02), (0.54, 0.6), (0.52, 1.1), (0.5, 1.6)]],
    2: [[(0.1, 0.4), (0.4, 0), (0.85, 0.3), (0.6, 0.9), (0.1, 1.55)], [(0.1, 1.55), (0.5, 1.5), (0.95, 1.58)]],
    3: [[(0.1, 0.2), (0.5, 0), (0.85, 0.35), (0.4, 0.75)], [(0.4, 0.75), (0.9, 1.1), (0.6, 1.6), (0.05, 1.4)]],
    4: [[(0.6, 0), (0.3, 0.55), (0.05, 1.0), (0.5, 1.0), (1, 0.95)], [(0.75, 0.5), (0.72, 1.0), (0.68, 1.6)]],
    5: [[(0.25, 0.1), (0.2, 0.4), (0.15, 0.7), (0.5, 0.6), (0.9, 1.0), (0.6, 1.5), (0.05, 1.5)],
        [(0.3, 0.03), (0.6, 0.03), (0.95, 0)]],
    6: [[(0.75, 0), (0.3, 0.5), (0.1, 1.2), (0.5, 1.6), (0.9, 1.2), (0.55, 0.85), (0.15, 1.15)]],
    7: [[(0.05, 0.05), (0.5, 0.08), (0.95, 0.02)], [(0.95, 0.02), (0.7, 0.6), (0.45, 1.1), (0.35, 1.6)]],
    8: [[(0.85, 0.25), (0.5, 0), (0.15, 0.3), (0.5, 0.75), (0.9, 1.2), (0.5, 1.6), (0.1, 1.25), (0.5, 0.78),
         (0.85, 0.25)]],
    9: [[(0.85, 0.35), (0.5, 0), (0.12, 0.4), (0.45, 0.8), (0.85, 0.4), (0.8, 1.0), (0.7, 1.6)]],
}  # fmt: skip


def write(picture, digit, place, height, pen, rng, angle=0.0):
    """Write one digit into `picture` (height, width), 1 is ink: its middle at `place` (x, y), `angle` in degrees."""
    scale, image = height / 1.6, Image.fromarray((picture * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    turn = np.deg2rad(angle + rng.normal(0, 2))
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    for stroke in STROKES[digit]:
        points = np.array(stroke) + rng.normal(0, 0.015, (len(stroke), 2))
        curve, _ = splprep(points.T, s=0, k=min(3, len(points) - 1))
        line = (np.array(splev(np.linspace(0, 1, 400), curve)).T - (0.5, 0.8)) @ matrix.T * scale + place
        for k, (x, y) in enumerate(line):
            r = pen / 2 * (1 + 0.1 * np.sin(k / 60))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    return np.asarray(image, np.float32) / 255


def light(shape, rng, amount):
    """Uneven light on paper: (height, width), at most 1."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    return 1 - amount * (0.5 + np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) - 0.3 * amount * (y - 0.4) ** 2


def photograph(ink, rng, pen_color, paper_color, amount=0.3, noise=0.02):
    """Ink (height, width) on paper as RGB, uint8: colours in [0, 1], light, noise."""
    pen_color, paper_color = np.array(pen_color), np.array(paper_color)
    picture = (paper_color + ink[..., None] * (pen_color - paper_color)) * light(ink.shape, rng, amount)[..., None]
    return (np.clip(picture + rng.normal(0, noise, picture.shape[:2])[..., None], 0, 1) * 255).astype(np.uint8)


def number(text, height, pen, rng, spacing=1.05, margin=1.0):
    """A row of digits; '-' and ' ' as they are. (height, width), 1 is ink."""
    step = height / 1.6 * spacing * 1.15
    picture = np.zeros((int(height * (1 + margin)), int(step * len(text) + height * margin)), np.float32)
    for k, sign in enumerate(text):
        x, y = height * margin / 2 + step * (k + 0.5), picture.shape[0] / 2 + rng.normal(0, 0.04) * height
        if sign == "-":
            picture[int(y - pen / 2) : int(y + pen / 2), int(x - step / 4) : int(x + step / 4)] = 1
        elif sign != " ":
            picture = write(picture, int(sign), (x, y), height * rng.uniform(0.92, 1.05), pen, rng)
    return picture


def main(folder):
    rng = np.random.default_rng(2)
    blank = np.zeros

    def save(name, picture, **options):
        Image.fromarray(picture).save(folder / name, optimize=True, **options)

    thin = write(blank((480, 640)), 2, (180, 200), 190, 5, rng, angle=8)
    save("ballpoint_shaded_2.jpg", photograph(thin, rng, (0.1, 0.15, 0.5), (0.97, 0.95, 0.9), 0.5), quality=80)
    thick = write(blank((400, 300)), 5, (150, 200), 250, 34, rng, angle=-6)
    save("marker_5.png", (255 - thick * 255).astype(np.uint8))
    chalk = write(blank((300, 400)), 7, (260, 150), 170, 11, rng)
    save("chalk_on_board_7.jpg", photograph(chalk, rng, (0.9, 0.9, 0.85), (0.12, 0.25, 0.18), 0.3, 0.04), quality=75)
    pencil = write(blank((360, 360)), 4, (200, 170), 200, 6, rng, angle=12)
    save("pencil_rotated_4.jpg", photograph(pencil, rng, (0.6, 0.6, 0.6), (0.9, 0.9, 0.88), 0.25, 0.015), quality=80)
    far = write(blank((600, 800)), 9, (690, 480), 110, 8, rng)
    save("far_off_centre_9.png", (255 - far * 255).astype(np.uint8))
    mouse = write(blank((120, 120)), 3, (60, 60), 80, 7, rng)
    alpha = (mouse * 255).astype(np.uint8)
    save("transparent_3.png", np.dstack([alpha * 0, alpha * 0, alpha * 0, alpha]))
    phone = number("0171-394258", 90, 6, rng)
    save("phone_0171394258.jpg", photograph(phone, rng, (0.1, 0.1, 0.35), (0.96, 0.95, 0.92), 0.4, 0.015), quality=75)
    postcode = number("60437", 120, 12, rng)
    save("postcode_60437.png", (255 - postcode * 255).astype(np.uint8))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "data" / "samples")
