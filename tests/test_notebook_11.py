"""What notebook 11 says in words, recomputed: its own cells are run, and their numbers compared with its texts."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage, stats
from sklearn.datasets import load_digits
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, LeaveOneGroupOut, StratifiedKFold
from sklearn.neighbors import NearestNeighbors

import nnlib
from nnlib import images, plots
from nnlib.exercises import notebook_11
from nnlib.images import sheet_photographs, writers

NOTEBOOK = Path(__file__).resolve().parent.parent / "notebooks" / "11_your_data.ipynb"
BOOK = nbformat.read(NOTEBOOK, as_version=4)
TEXT = "\n\n".join(cell.source for cell in BOOK.cells if cell.cell_type == "markdown")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def names_of(*tags, **names):
    """The names that the notebook's cells with these tags define; pictures are left out."""
    names |= {"np": np, "pd": pd, "nnlib": nnlib, "images": images, "plots": plots, "stats": stats, "Path": Path}
    names |= {
        "sheet_photographs": sheet_photographs,
        "writers": writers,
        "ndimage": ndimage,
        "load_digits": load_digits,
    }
    names |= {"GroupKFold": GroupKFold, "LeaveOneGroupOut": LeaveOneGroupOut, "StratifiedKFold": StratifiedKFold}
    names |= {"NearestNeighbors": NearestNeighbors, "GroupShuffleSplit": GroupShuffleSplit, "Image": Image}
    for cell in BOOK.cells:
        if cell.cell_type == "code" and set(tags) & set(cell.metadata.get("tags", [])):
            source = cell.source
            if "# The picture" in source:  # what the picture shows is computed elsewhere, but for a function of its own
                source = "\n".join(re.findall(r"^def .*\n(?:    .*\n|\n(?=    ))+", source + "\n", re.MULTILINE))
            exec(source, names)
    return names


@pytest.fixture(scope="module")
def people():
    return names_of("writers")


def interval(p):
    return stats.t.ppf(0.975, len(p) - 1) * stats.sem(p)


# -- 1 and 2: the sheet ------------------------------------------------------------------------------------------------


def test_the_drawn_sheet_is_read_and_its_two_empty_boxes_are_named():
    names = names_of("sheet")
    sheet = names["sheet"]
    if names["own"]:
        pytest.skip("data/sheets holds photographs: the notebook reads these")
    assert len(sheet.X) == 118 and sheet.empty.tolist() == [[1, 7], [6, 4]]
    assert np.mean(names["answers"].astype(str) == sheet.y) > 0.85


def test_a_class_is_read_and_what_is_no_sheet_is_told(tmp_path, capsys):
    names = names_of("sheet", "class", folder=tmp_path)
    if not names["own"]:
        assert sorted(set(names["who"])) == ["anna", "bela", "cem"] and len(names["X_class"]) == 3 * 118
        assert "table.png: the photograph (600x800" in capsys.readouterr().out
        assert np.mean(names["right"]) > 0.8


def test_the_camera_by_hand_is_read_sheets(capsys):
    names = names_of("sheet")
    grey = images.read_grey(names["photo"], 2000)
    made = names_of("camera", grey=grey, sheet=names["sheet"], own=[])
    assert made["agreement"] > 0.97
    h = made["h"]
    corners = [made["seen_at"](h, s, t) for s, t in ((0, 0), (180, 0), (180, 250), (0, 250))]
    np.testing.assert_allclose(corners, made["find_marks"](grey), atol=1e-6)


# -- 3 to 5: people ----------------------------------------------------------------------------------------------------


def test_the_writers_are_found_where_inria_finds_them(people):
    ends = [130, 256, 386, 516, 646, 776, 915, 1029, 1157, 1287, 1415, 1545, 1667]
    assert people["begins"] == [0, *ends] and len(people["y"]) == 1797
    assert np.array_equal(np.flatnonzero(np.diff(people["writer"])) + 1, ends)


def test_by_writer_there_are_nearly_twice_as_many_mistakes(people):
    """The first prediction: B."""
    random, by_writer = people["random"], people["by_writer"]
    assert 0.955 < random.mean() < 0.97 and 0.92 < by_writer.mean() < 0.937
    assert "96.3 % of all digits" in TEXT and "92.9 %: 128 mistakes in place of 67" in TEXT
    assert abs(np.sum(~random) - 67) <= 6 and abs(np.sum(~by_writer) - 128) <= 8
    assert abs(np.sum(random & ~by_writer) - 72) <= 9 and abs(np.sum(~random & by_writer) - 11) <= 6


def test_the_difference_is_no_accident_of_the_shuffle(people):
    for seed in (1, 2):
        folds = StratifiedKFold(14, shuffle=True, random_state=seed).split(people["X"], people["y"])
        right = people["read_by_others"](folds).argmax(axis=1) == people["y"]
        gain = people["of_writers"](right) - people["of_writers"](people["by_writer"])
        assert gain.mean() - interval(gain) > 0.01


def test_two_writers_lose_ten_points_and_some_nothing(people):
    lost = people["of_writers"](people["random"]) - people["of_writers"](people["by_writer"])
    assert 1 <= np.sum(lost > 0.08) <= 3 and np.sum(lost < 0.01) >= 2


def test_more_than_half_have_their_nearest_neighbour_by_the_same_hand(people):
    assert people["same"] == pytest.approx(0.53, abs=0.01) and people["chance"] == pytest.approx(1 / 14, abs=0.002)


def test_sheets_as_groups_let_every_writer_into_both_parts(people):
    right = people["P_sheet"].argmax(axis=1) == people["y"]
    assert round(100 * right.mean()) in (95, 96, 97) and right.mean() - people["by_writer"].mean() > 0.02
    counts = np.bincount(people["sheet_of"])
    assert len(counts) == 28 and counts.min() >= 57


def test_the_interval_over_writers_is_more_than_twice_as_wide(people):
    """The second prediction: C."""
    right = people["by_writer"]
    low, high = stats.binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    p = people["of_writers"](right)
    half = interval(p)
    assert people["writer_interval"](p) == pytest.approx((p.mean(), half))
    assert (high - low) / 2 == pytest.approx(0.012, abs=0.001) and half == pytest.approx(0.028, abs=0.005)
    assert half > 2 * (high - low) / 2
    gain = people["of_writers"](people["random"]) - p
    assert gain.mean() == pytest.approx(0.034, abs=0.005) and interval(gain) == pytest.approx(0.018, abs=0.005)
    assert 0.10 < np.ptp(p) < 0.15 and stats.t.ppf(0.975, 13) == pytest.approx(2.16, abs=0.001)


def test_thirty_writers_of_twenty_digits_tell_more_than_five_of_five_hundred(people):
    """From the variance between these writers, and a binomial one within each."""
    p, rows = people["of_writers"](people["by_writer"]), np.bincount(people["writer"])
    between = p.var(ddof=1) - np.mean(p * (1 - p) / rows)

    def half(n_writers, n_rows):
        variance = between + p.mean() * (1 - p.mean()) / n_rows
        return stats.t.ppf(0.975, n_writers - 1) * np.sqrt(variance / n_writers)

    assert 1.5 * half(30, 20) < half(5, 500)


def test_mistakes_come_in_families_of_one_hand(people):
    wrong = ~people["by_writer"]
    said = pd.DataFrame({"writer": people["writer"], "label": people["y"], "answer": people["P_writer"].argmax(axis=1)})
    counts = said[wrong].value_counts()
    assert abs(counts[5, 9, 1] - 8) <= 2 and abs(counts[3, 7, 5] - 6) <= 2 and wrong.sum() > 100


def test_the_report(people):
    baseline = people["of_writers"](people["baseline"])
    gain = people["of_writers"](people["by_writer"]) - baseline
    assert "87.6 % ± 3.0" in TEXT and "5.3 ± 2.6 points" in TEXT
    assert (baseline.mean(), interval(baseline)) == pytest.approx((0.876, 0.030), abs=0.002)
    assert (gain.mean(), interval(gain)) == pytest.approx((0.053, 0.026), abs=0.006)
    for k in people["worst"]:
        assert people["P_writer"][k].argmax() == 1 and people["y"][k] in (8, 9) and people["P_writer"][k].max() > 0.93


# -- 6: letters --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def letters():
    return names_of("letters", reader=nnlib.load_pretrained(), writer_interval=None)


def test_what_learns(letters):
    learning = [
        sum(layer.n_parameters for layer in letters["letter_net"](k, 1).layers if layer.trainable) for k in (0, 1, 2)
    ]
    assert learning == [459_982, 67_482, 3_354]
    assert all(f"{n:,} " in TEXT for n in learning)


def test_frozen_layers_keep_the_shipped_models_bits(letters):
    net, reader = letters["letter_net"](2, 1), nnlib.load_pretrained()
    nnlib.train(net, letters["X_letters"][:500], letters["y_letters"][:500], 1, progress=False)
    for k in (0, 1):
        assert np.array_equal(net.weights[k], reader.weights[k]) and np.array_equal(net.biases[k], reader.biases[k])


def test_no_new_writer_is_in_training(letters):
    hand, new = letters["hand"], letters["new"]
    assert set(hand[new]) == set(range(40, 80)) and np.bincount(hand).tolist() == [26] * 80


def test_the_fewer_rows_the_more_layers_to_freeze(letters):
    """The third prediction: C. Writer by writer, on means of three runs."""
    hand = letters["hand"][letters["new"]]

    def of_new_writers(rows, frozen):
        right = np.mean([letters["right_with"](rows, frozen, seed) for seed in (1, 2, 3)], axis=0)
        return np.array([right[hand == one].mean() for one in range(40, 80)])

    few, many = ({k: of_new_writers(rows, k) for k in (0, 1, 2)} for rows in (3, 40))
    for better, worse in ((few[2], few[1]), (few[1], few[0]), (many[1], many[2]), (many[1], many[0])):
        assert (better - worse).mean() - interval(better - worse) > 0, (better.mean(), worse.mean())


def test_the_rates_are_those_that_suit_each_way(letters):
    """On other writers, as the text has it: no other rate of 0.001, 0.003, 0.01 is clearly better."""
    X, names, hand = writers.write(ALPHABET, writers=60, seed=1, copies=1)
    y, rates = np.array([ALPHABET.index(name) for name in names]), dict(letters["RATES"])
    elsewhere = {"X_letters": X.reshape(-1, 784), "y_letters": y, "hand": hand, "new": hand >= 40}
    function = letters["right_with"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in elsewhere.items():
            patch.setitem(function.__globals__, name, value)
        for frozen in (0, 1, 2):
            found = {}
            for rate in (0.001, 0.003, 0.01):
                patch.setitem(function.__globals__["RATES"], frozen, rate)
                found[rate] = np.mean([function(10, frozen, seed) for seed in (1, 2)])
            assert found[rates[frozen]] > max(found.values()) - 0.015, (frozen, found)


def test_with_one_rate_for_all_the_frozen_net_seems_to_lose(letters):
    with pytest.MonkeyPatch.context() as patch:
        for frozen in (0, 2):
            patch.setitem(letters["RATES"], frozen, 0.001)
        scratch, both = (np.mean(letters["right_with"](40, frozen, 1)) for frozen in (0, 2))
    assert scratch - both > 0.03


# -- the exercises -----------------------------------------------------------------------------------------------------


def test_on_sheet_is_the_way_back():
    rng = np.random.default_rng(1)
    for _ in range(20):
        h, u, v = notebook_11.a_camera(rng)
        s, t = notebook_11.on_sheet(h, u, v)
        below = h[6] * s + h[7] * t + 1
        there = (h[0] * s + h[1] * t + h[2]) / below, (h[3] * s + h[4] * t + h[5]) / below
        np.testing.assert_allclose(there, (u, v), rtol=1e-9)
        assert -1e-6 < s < 180.001 and -1e-6 < t < 250.001


def test_compare_on_paper():
    """Two writers who gain 0.5 and 0: mean 0.25, sd 0.3536, q 12.706, half 12.706 * 0.25."""
    a, b = np.array([1, 0, 1, 0], bool), np.array([1, 1, 0, 1], bool)
    mean, low, high = notebook_11.compare(a, b, np.array([3, 3, 9, 9]))
    assert mean == 0.25 and (high - low) / 2 == pytest.approx(12.706 * 0.25, rel=1e-4)
