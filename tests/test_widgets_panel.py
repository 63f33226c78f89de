"""What all panels share: one loop for all that happens, draws that do not queue, and nothing that is left behind."""

import asyncio
import gc
import threading
import time
import weakref

import ipywidgets
import numpy as np
import pytest
from conftest import open_widgets
from jupyter_client.manager import start_new_kernel

import nnlib
from nnlib import plots, widgets
from nnlib.widgets import panel as panels
from nnlib.widgets.controls import NumberControl
from nnlib.widgets.panel import Panel, all_parts

KINDS = {
    "ActivationExplorer": lambda load: widgets.ActivationExplorer(),
    "BackpropStepper": lambda load: widgets.BackpropStepper(),
    "DataBrowser": lambda load: widgets.DataBrowser(load("digits")),
    "DataSize": lambda load: widgets.DataSize(load("digits"), hidden=[8], steps=20),
    "Generalise": lambda load: widgets.Generalise(load("digits"), hidden=[8]),
    "ExpressionStepper": lambda load: widgets.ExpressionStepper("(a + b) * b", a=2, b=3),
    "GradientCheck": lambda load: widgets.GradientCheck(mistakes={"nothing": lambda net: net}),
    "KernelPad": lambda load: widgets.KernelPad(load("mnist-5k").X_val[:3]),
    "MistakeGallery": lambda load: widgets.MistakeGallery(load("mnist-5k").X_val[:3], [1, 2, 3], [4, 5, 6]),
    "Playground": lambda load: widgets.Playground(load("iris"), hidden=[4]),
    "Playground, full": lambda load: widgets.Playground(load("digits"), hidden=[4, 3], full=True),
    "DrawingPad": lambda load: widgets.DrawingPad(),
    "Race": lambda load: widgets.Race(load("digits"), ["relu", "tanh"], width=8),
    "Transform": lambda load: widgets.Transform(load("mnist-5k").X_val[:3]),
    "Upload": lambda load: widgets.Upload(),
    "Valley": lambda load: widgets.Valley(),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def make(request, dataset):
    return lambda: request.param(dataset)


def registered():
    return {*open_widgets()}


def message(widget, **state):
    """What the page sends when a control is moved."""
    widget.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


async def until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        await asyncio.sleep(0.01)
    assert true()


# -- closing ----------------------------------------------------------------------------------------------------------


def test_a_closed_panel_is_gone(make):
    before = registered()
    panel = make()
    assert len(registered() - before) >= 6
    panel.close()
    assert registered() == before
    ref = weakref.ref(panel)
    del panel
    gc.collect()
    assert ref() is None


def test_a_closed_panel_is_gone_in_a_running_loop(make):
    async def cell():
        before, tasks = registered(), asyncio.all_tasks()
        panel = make()
        panel.running = hasattr(panel, "step_once")
        await asyncio.sleep(0.1)
        panel.close()
        ref = weakref.ref(panel)
        del panel
        await asyncio.sleep(0.01)  # the task ends
        gc.collect()
        return ref(), registered() - before, asyncio.all_tasks() - tasks

    assert asyncio.run(cell()) == (None, set(), set())


def test_every_part_is_shown(make):
    """Nothing is built that no page shows: all that a panel registers belongs to it."""
    before = registered()
    panel = make()
    assert registered() - before == {part.model_id for part in all_parts(panel)}
    panel.close()


def test_a_failing_constructor_leaves_nothing_behind(dataset, monkeypatch):
    monkeypatch.setattr(widgets.Playground, "update", lambda panel: 1 / 0)

    async def cell():
        before = registered(), asyncio.all_tasks()
        with pytest.raises(ZeroDivisionError):
            widgets.Playground(dataset("iris"))
        return before, (registered(), asyncio.all_tasks())

    before, after = asyncio.run(cell())
    assert before == after


def test_a_change_after_the_loop_has_closed(dataset):
    async def cell():
        return widgets.Playground(dataset("iris"))

    panel = asyncio.run(cell())
    panel.learning_rate = 0.3
    assert "learning rate 0.3" in panel.message.value
    panel.close()


# -- one loop ---------------------------------------------------------------------------------------------------------


def test_what_a_cell_sets_acts_at_once(dataset):
    """In a kernel, where a loop runs, as in a script."""

    async def cell():
        panel = widgets.Playground(dataset("iris"), hidden=[4])
        await asyncio.sleep(0.05)
        frame = panel.picture.frame
        panel.hidden = [9]
        sizes, frames = panel.network.sizes, panel.picture.frame - frame
        await asyncio.sleep(0.5)
        text = panel.message.value
        panel.close()
        return sizes, frames, text

    sizes, frames, text = asyncio.run(cell())
    assert sizes == [4, 9, 3] and frames == 0 and "4-9-3" in text  # drawn after the cell


@pytest.mark.parametrize("kind", ["Playground", "Race", "DataSize", "Generalise"])
def test_an_interrupted_training_goes_on(kind, dataset, monkeypatch):
    panel = KINDS[kind](dataset)
    compute = nnlib.Network.loss_and_gradient
    calls = []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return compute(*arguments)

    monkeypatch.setattr(nnlib.Network, "loss_and_gradient", interrupted)
    with pytest.raises(KeyboardInterrupt):
        panel.advance(10)
    assert panel.picture.frame > 1  # as far as it came
    panel.advance(10)
    assert len(calls) > 12
    panel.close()


def test_a_failure_is_told_until_something_is_tried(dataset):
    race = KINDS["Race"](dataset)
    race.fail(ValueError("too hot"))
    assert "Too hot" in race.message.value
    race.running = False
    assert "Too hot" in race.message.value
    race.same_rate = not race.same_rate
    assert "Too hot" not in race.message.value
    race.fail(StopIteration())
    assert "StopIteration" in race.message.value
    race.close()


def test_messages_are_taken_up_in_the_loop(dataset):
    """They may come on any thread; the controls' callbacks run where the task runs."""

    async def cell():
        panel = widgets.Playground(dataset("digits"), hidden=[4, 3], full=True)
        seen = set()
        panel.observe(lambda _: seen.add(threading.current_thread()))
        depth = panel.children[0].children[0]
        thread = threading.Thread(target=lambda: [message(depth, value=k % 3) for k in range(60)])
        thread.start()
        thread.join()
        await asyncio.sleep(0.05)
        panel.close()
        return seen, panel.hidden

    seen, hidden = asyncio.run(cell())
    assert seen == {threading.current_thread()} and hidden == [4, 3]


def test_quick_changes_are_drawn_together():
    async def cell(shown):
        panel = widgets.ActivationExplorer()
        slider = panel._sliders["z"]
        draws, draw = [], panel.draw
        panel.draw = lambda: draws.append(draw())
        if shown:  # a page that shows each frame a little later

            def show(_=None):
                state = {"shown": panel.picture.frame}
                asyncio.get_running_loop().call_later(0.01, lambda: message(panel.picture, **state))

            panel.picture.observe(show, "frame")
            show()
            await asyncio.sleep(0.05)
        for k in range(1, 201):
            message(slider, value=k / 100)
            await asyncio.sleep(0)
        await until(lambda: any("f(2.00)" in text.get_text() for text in panel.figure.axes[0].texts))
        await asyncio.sleep(0.05)
        panel.close()
        return len(draws)

    for shown in (False, True):
        assert 1 <= asyncio.run(cell(shown)) < 100


# -- panels that nobody sees ------------------------------------------------------------------------------------------


class Counter(Panel):
    """Counts its steps."""

    def __init__(self):
        self.steps = 0
        super().__init__(plots.figure(1, 1)[0], [], [])

    def update(self):
        return f"{self.steps} steps"

    def work(self):
        self.steps += 1
        time.sleep(0.001)


def test_a_slow_page_is_not_gone(monkeypatch):
    """Each of its answers is late: other frames are on their way already."""
    monkeypatch.setattr(panels, "LONGEST_WAIT", 0.005)
    monkeypatch.setattr(panels, "MOST_FRAMES_UNSEEN", 20)

    async def cell():
        panel = Counter()
        panel.running = True
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            frame = panel.picture.frame
            await until(lambda: panel.picture.frame > frame + 1)  # noqa: B023
            message(panel.picture, shown=frame)
            await asyncio.sleep(0)
        running = panel.running
        panel.close()
        return running

    assert asyncio.run(cell())


@pytest.mark.parametrize("seen", [True, False])
def test_a_panel_whose_page_is_gone_is_paused(seen, monkeypatch):
    monkeypatch.setattr(panels, "LONGEST_WAIT", 0.005)
    monkeypatch.setattr(panels, "MOST_FRAMES_UNSEEN", 10)

    async def cell():
        panel = Counter()
        if seen:
            message(panel.picture, shown=1)
        panel.running = True
        end = time.monotonic() + 1.5
        while panel.running and time.monotonic() < end:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        told = panel.running, panel.message.value
        panel.running = True  # shown again: it goes on
        for _ in range(100):
            message(panel.picture, shown=panel.picture.frame)
            await asyncio.sleep(0.01)
        panel.close()
        return told, panel.message.value

    (running, text), after = asyncio.run(cell())
    assert running is not seen and ("No page has shown" in text) is seen
    assert "steps" in after


def test_a_cell_that_takes_long_does_not_pause_the_panels(monkeypatch):
    """Meanwhile the kernel hears nothing from the page, however long it takes."""
    monkeypatch.setattr(panels, "LONGEST_WAIT", 0.005)
    monkeypatch.setattr(panels, "MOST_FRAMES_UNSEEN", 10)

    async def cell():
        panel = Counter()
        message(panel.picture, shown=1)
        panel.running = True
        for _ in range(5):
            await asyncio.sleep(0.1)
            message(panel.picture, shown=panel.picture.frame)
        time.sleep(1)
        for _ in range(5):
            message(panel.picture, shown=panel.picture.frame)
            await asyncio.sleep(0.1)
        running = panel.running
        panel.close()
        return running

    assert asyncio.run(cell())


def test_a_page_that_is_behind_gets_no_more_than_it_shows():
    async def cell():
        panel = Counter()
        message(panel.picture, shown=1)
        panel.running = True
        counts = []
        for _ in range(10):
            await asyncio.sleep(0.1)
            counts.append(panel.picture.frame)
            message(panel.picture, shown=panel.picture.frame - 1)
        panel.close()
        return np.diff(counts)

    new = asyncio.run(cell())
    assert new.max() <= panels.MOST_FRAMES_AHEAD and new.min() >= 1


def test_a_panel_goes_when_its_cell_is_run_again():
    """In a real kernel: a panel stays while other cells run, and goes when its own does, whatever that one makes."""
    manager, client = start_new_kernel()

    def run(cell, code):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        request = client.session.msg("execute_request", content, metadata={"cellId": cell})
        client.shell_channel.send(request)
        text = ""
        while True:
            answer = client.get_iopub_msg(timeout=60)
            if answer["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            assert answer["msg_type"] != "error", "\n".join(answer["content"]["traceback"])
            text += answer["content"].get("text", "")
            if answer["content"].get("execution_state") == "idle":
                return text

    alive = "print(sum(panel.comm is not None for panel in made))"
    try:
        run("zero", "from nnlib.widgets import ActivationExplorer; made = []")
        run("one", "made += [ActivationExplorer(), ActivationExplorer('elu')]")
        run("two", "made += [ActivationExplorer()]")
        assert run("three", alive) == run("three", alive) == "3\n"
        assert run("one", alive) == "1\n"
        run("two", "made += [ActivationExplorer()]; made[-1].z = 1")
        assert run("three", alive) == "1\n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# -- drawing ----------------------------------------------------------------------------------------------------------


def test_a_frame_with_kept_parts_is_what_a_whole_drawing_shows(make):
    panel = make()

    def drawing():
        panel.draw()
        return panel.picture.drawing

    controls = [part for part in all_parts(panel) if isinstance(part, NumberControl)]
    for control in [None, *controls]:
        if control is not None:
            at = control.choices.index(control.value) if control.value in control.choices else 1
            down = control.choices[at - 1] if control.choices else control.value - control.step
            control.value = down if down >= control.least else control.value + control.step
        if hasattr(panel, "step_once"):
            panel.advance(30)
            panel.advance(1)
        quick = drawing()
        panel._limits = None  # all is drawn anew
        assert quick == drawing()
    panel.close()


def test_what_is_recorded_can_be_drawn(make):
    """Each mark's points, kinds and pixels are there; what it looks like is compared in a browser."""
    panel = make()
    for state in (panel.picture.still, panel.picture.moving):
        points = np.frombuffer(state["points"], np.float32).reshape(-1, 2)
        codes = np.frombuffer(state["codes"], np.uint8)
        assert len(points) == len(codes) and np.isfinite(points).all()
        for first, image, marks in state["parts"]:
            for kind, style, *rest in marks:
                assert len(style) == 6
                if kind in "pm":
                    assert first + rest[0] + rest[1] <= len(points)
                if kind == "i":
                    index, width, height, place = rest
                    assert len(state["images"][image + index]) in (4 * width * height, 1024 + width * height)
                    assert len(place) == 6
    panel.close()


# -- for all readers --------------------------------------------------------------------------------------------------


def test_controls_and_picture_have_words(make):
    panel = make()
    controls = [part for part in all_parts(panel) if isinstance(part, ipywidgets.ValueWidget | ipywidgets.Button)]
    assert all(part.description for part in controls if part is not panel.message)
    assert len(panel.picture.label.split()) > 5
    panel.close()


def test_labels_differ():
    labels = {getattr(widgets, name).label for name in widgets.__all__}
    assert len(labels) == len(widgets.__all__) and "" not in labels


def test_a_plane_of_ten_classes():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 10
    X = rng.normal(size=(200, 2)) + 5 * np.c_[np.cos(y), np.sin(y)]
    panel = widgets.Playground((X, y), hidden=[8])
    panel.advance(20)
    looks = {
        (tuple(points.get_facecolor()[0]), points.get_paths()[0].vertices.tobytes())
        for points in panel.figure.axes[0].collections
        if len(points.get_facecolor())
    }
    assert len(looks) == 10


def test_frame_and_text_are_one_message(dataset, monkeypatch):
    panel, sent = KINDS["Playground"](dataset), []
    monkeypatch.setattr(panel.picture, "send_state", lambda key=None: sent.append({*key}))
    panel.advance(20)
    assert {"moving", "value"} <= sent[0] and not any({"moving", "value"} & keys for keys in sent[1:])
    panel.close()


CHANGES = {
    "ActivationExplorer": {"z": 1.5, "other": "tanh"},
    "BackpropStepper": {"position": 4, "updates": 2},
    "DataBrowser": {"index": 3, "scrambled": True},
    "DataSize": {"samples": 100},
    "ExpressionStepper": {"position": 3},
    "Generalise": {"dropout": 0.4, "samples": 60, "seed": 2},
    "GradientCheck": {"epsilon": 1e-7, "activation": "relu"},
    "KernelPad": {"preset": "blur", "index": 1, "relu": True},
    "MistakeGallery": {"index": 2, "sorting": ["badly written", "", "unusual form"]},
    "Playground": {"hidden": [5, 4], "activation": ["tanh", "elu"], "dropout": 0.2},
    "Playground, full": {"optimizer": "Adam", "samples": 55, "seed": 2},
    "DrawingPad": {"pen": 30},
    "Race": {"lanes": ["elu", "relu", None], "rates": [0.2, 0.3], "same_rate": False},
    "Transform": {"rotation": 30, "index": 2},
    "Upload": {},
    "Valley": {"w1": 2.0, "steps": 70},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_makes_the_panel_with_its_settings(kind, dataset):
    panel = KINDS[kind](dataset)
    for name, value in CHANGES[kind].items():
        setattr(panel, name, value)
    data = {"Playground": "iris", "Transform": "mnist-5k"}.get(kind, "digits")
    names = {"widgets": widgets, "nnlib": nnlib, "data": dataset(data), "X": dataset("mnist-5k").X_val[:3]}
    exec(panel.code, names | {"mistakes": {"nothing": lambda net: net}}, made := {})
    for name in panel.own_traits():
        assert getattr(made["panel"], name) == getattr(panel, name), panel.code
    panel.close()
    made["panel"].close()


def test_a_lecture_has_larger_letters_and_fewer_controls(dataset):
    for make in (
        lambda lecture: widgets.Playground(dataset("digits"), full=True, lecture=lecture),
        lambda lecture: widgets.Race(dataset("digits"), width=8, lecture=lecture),
        lambda lecture: widgets.GradientCheck(lecture=lecture),
        lambda lecture: widgets.BackpropStepper(lecture=lecture),
    ):
        panel, large = make(False), make(True)
        scale = [(p.picture.widest or p.picture.still["size"][0]) / p.picture.still["size"][0] for p in (panel, large)]
        assert scale[0] == 1 and scale[1] >= 1.1
        assert large.picture.still["size"][1] * scale[1] < 560  # and the controls: a page is 720 high
        shown = [
            sum(part.layout.display != "none" for part in all_parts(p) if hasattr(part, "tooltip"))
            for p in (panel, large)
        ]
        assert shown[1] < shown[0]
        panel.close()
        large.close()
