"""What a user meets on the page: nothing that was typed, drawn or uploaded is lost, and a panel says how things are.

One notebook with four panels in JupyterLab; its tests run in their order, since the last ones end its kernel.
"""

import io
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from conftest import KERNEL_READY, ROOT, opening
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image, ImageDraw

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
CELLS = [
    "from nnlib import widgets\nplay = widgets.Playground('rings', hidden=[4], learning_rate=0.1)\nplay",
    "size = widgets.DataSize('digits', hidden=[4], steps=40)\nsize",
    "pad = widgets.DrawingPad()\npad",
    "up = widgets.Upload()\nup",
]
ASK = """code => new Promise(resolve => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code});
    let text = '';
    future.onIOPub = ({content}) => { text += content.text ?? (content.traceback ?? []).join('') };
    future.done.then(() => resolve(text.trim()));
})"""
START = """code => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code}) }"""


@pytest.fixture(scope="module")
def page(lab, browser):
    cells = [new_code_cell(source) for source in CELLS]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), lab[0] / "notebooks" / "page.ipynb")
    with opening(browser) as opened:
        page = opened(lab, "page.ipynb")
        page.wait_for_function("() => document.querySelectorAll('.nnlib-canvas canvas[data-frame]').length === 4")
        yield page


def panel(page, k):
    found = page.locator(".nnlib-panel").nth(k)
    found.scroll_into_view_if_needed()
    return found


def ask(page, code):
    """What the code prints, in the notebook's kernel."""
    return page.evaluate(ASK, code)


def says(page, k, text):
    panel(page, k).locator(".nnlib-message", has_text=text).wait_for(timeout=15_000)


def typed(control, text):
    box = control.locator("input[type=text]")
    box.fill(text)
    box.press("Enter")
    return control.locator("[role=alert]").inner_text()


def number(page, k, name):
    return panel(page, k).locator(".nnlib-number", has=page.locator(f"label:text-is('{name}')"))


# -- typed, drawn, uploaded --------------------------------------------------------------------------------------------


def test_a_typed_number_is_taken_or_refused_in_words(page):
    rate = number(page, 0, "learning rate")
    assert typed(rate, "0.037") == ""
    says(page, 0, "learning rate 0.037")  # between two marks of the slider
    assert typed(rate, "1,5") == ""
    says(page, 0, "learning rate 1.5")
    for nonsense in ("fast", "-1", ""):
        assert "it is still 1.5" in typed(rate, nonsense)
    assert ask(page, "print(play.learning_rate)") == "1.5"

    rows = number(page, 1, "training rows")
    assert typed(rows, "123") == ""
    says(page, 1, "123 training rows")
    assert "not a whole number" in typed(rows, "1,5")
    assert "to 1,150" in typed(rows, "1e9")
    assert typed(rows, "1,000") == "" and ask(page, "print(size.samples)") == "1000"
    assert typed(rate, "0.1") == ""


def test_the_first_steps_are_to_be_seen(page):
    for _ in range(5):
        panel(page, 0).get_by_role("button", name="Step").click()
    says(page, 0, "step 5")
    assert ask(page, "print([int(s) for s in play._curves.lines[1].get_xdata()])") == "[0, 1, 2, 3, 5]"


def ink(page):
    """How much ink is on the pad, and how much the kernel has."""
    count = """c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data
        .filter((v, k) => k % 4 === 3 && v > 127).length"""
    return page.locator(".nnlib-pad").evaluate(count), int(ask(page, "print((pad.pixels > 127).sum())"))


def test_the_pad_clears_whatever_the_kernel_does(page):
    box = panel(page, 2).locator(".nnlib-pad").bounding_box()
    assert box["width"] >= 320
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*middle)
    page.wait_for_timeout(500)
    here, there = ink(page)
    assert here == there > 200, "a single tap is a dot"
    page.evaluate(START, "import time; time.sleep(3)")
    page.wait_for_timeout(300)
    page.mouse.move(middle[0] - 80, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0] + 80, middle[1], steps=8)
    page.mouse.up()
    panel(page, 2).get_by_role("button", name="Clear").click()
    count = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)"
    assert not page.locator(".nnlib-pad").evaluate(count), "at once"
    says(page, 2, "empty")
    page.wait_for_timeout(1500)
    assert ink(page) == (0, 0)
    panel(page, 2).get_by_role("button", name="Undo").click()
    page.wait_for_timeout(500)
    here, there = ink(page)
    assert here == there > 1000, "the line is back"


def test_the_pad_by_keyboard(page):
    pad = panel(page, 2).locator(".nnlib-pad")
    pad.focus()
    for key in ("Delete", "ArrowDown", "Space", *["ArrowDown"] * 14, "Space"):
        pad.press(key)
    says(page, 2, "Reads 1")
    assert typed(number(page, 2, "pen width"), "44") == ""
    says(page, 2, "44 of 280")
    panel(page, 2).get_by_role("button", name="Eraser").click()
    pad.focus()
    for key in ("Space", *["ArrowUp"] * 15, "Space"):
        pad.press(key)
    says(page, 2, "empty")
    panel(page, 2).get_by_role("button", name="Eraser").click()


def bmp(side):
    """A seven, three bytes for each pixel."""
    picture = Image.new("RGB", (side, side), "white")
    draw, unit = ImageDraw.Draw(picture), side / 280
    draw.line(
        [(80 * unit, 70 * unit), (190 * unit, 70 * unit), (130 * unit, 220 * unit)], "black", int(22 * unit), "curve"
    )
    file = io.BytesIO()
    picture.save(file, "bmp")
    return file.getvalue()


def upload(page, name, content):
    with page.expect_file_chooser() as chooser:
        panel(page, 3).locator("button.nnlib-upload").click()
    chooser.value.set_files({"name": name, "mimeType": "image/bmp", "buffer": content})


def test_a_photo_of_any_size_is_read(page):
    photo = bmp(2200)
    assert len(photo) > 14e6  # more than a server takes in one message
    upload(page, "large.bmp", photo)
    says(page, 3, "Reads 7")
    upload(page, "nonsense.bmp", bytes(20_000_000))
    panel(page, 3).locator("[role=status]", has_text="no picture that this browser reads").first.wait_for()
    upload(page, "small.txt", b"no picture")
    says(page, 3, "Not read")
    upload(page, "postcode.png", (ROOT / "data" / "samples" / "postcode_60437.png").read_bytes())
    says(page, 3, "6 0 4 3 7")


def test_a_picture_can_be_dropped(page):
    page.locator(".nnlib-drop").evaluate(
        """(drop, content) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(content)], "seven.bmp", {type: "image/bmp"}));
            drop.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        [*bmp(120)],
    )
    says(page, 3, "Reads 7")


# -- for all readers ---------------------------------------------------------------------------------------------------


def test_every_control_says_what_it_does(page):
    for k in range(4):
        for part in panel(page, k).locator("button, select, input").all():
            if not part.is_visible():
                continue
            name, title = part.evaluate("c => [c.getAttribute('aria-label') ?? '', c.closest('[title]')?.title ?? '']")
            assert title not in ("", "null") and (len(title.split()) > 3), part.evaluate("c => c.outerHTML")
            assert part.evaluate("c => c.closest('.nnlib-drop, .nnlib-sheet') !== null") or title in name
    slider = number(page, 0, "learning rate").locator("input[type=range]")
    assert slider.get_attribute("aria-valuetext") == "0.1"
    spoken = panel(page, 1).locator(".nnlib-spoken[role=status]")
    assert "training rows" in spoken.text_content()


def test_results_are_spoken_and_not_too_often(page):
    """A slider that is moved for two seconds says where it came to, and at most a sentence a second on the way."""
    spoken = panel(page, 0).locator(".nnlib-spoken[role=status]")
    spoken.evaluate("""e => { window.said = [];
        new MutationObserver(() => said.push(performance.now())).observe(e, {childList: true}) }""")
    slider = number(page, 0, "learning rate").locator("input[type=range]")
    for k in range(20):
        slider.press("ArrowRight" if k < 10 else "ArrowLeft")
        page.wait_for_timeout(100)
    says(page, 0, "learning rate 0.1")
    message = panel(page, 0).locator(".nnlib-message").inner_text()
    page.wait_for_function("([e, text]) => e.textContent === text", arg=[spoken.element_handle(), message])
    assert min(np.diff(page.evaluate("said")), default=1000) > 950


def test_text_can_be_read(page):
    """Contrast of texts on the page, and of the focus ring."""
    for color, least in (("#00588A", 4.5), ("#000000", 4.5), ("#D55E00", 3)):
        r, g, b = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
        light = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b)]
        assert 1.05 / (np.dot((0.2126, 0.7152, 0.0722), light) + 0.05) >= least
    sizes = page.locator(".nnlib-message").evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")
    assert min(sizes) >= 14
    button = panel(page, 0).get_by_role("button", name="Train")
    button.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_picture_is_as_fine_as_the_screen(page):
    canvas = panel(page, 0).locator(".nnlib-canvas canvas")
    width = canvas.evaluate("c => [c.width, c.getBoundingClientRect().width, devicePixelRatio]")
    assert width[0] == pytest.approx(width[1] * width[2], abs=1)
    page.set_viewport_size({"width": 760, "height": 1200})
    page.wait_for_timeout(500)
    narrow = canvas.evaluate("c => [c.width, c.getBoundingClientRect().width, devicePixelRatio]")
    assert narrow[1] < width[1] and narrow[0] == pytest.approx(narrow[1] * narrow[2], abs=1)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_timeout(500)
    for k in range(4):  # nothing cut off at the right, and a digit's answer beside the pad
        box = panel(page, k).locator(".nnlib-canvas")
        assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 1
    parts = [panel(page, 2).locator(f"{name} canvas") for name in (".nnlib-sheet", ".nnlib-canvas")]
    pad, answer = (part.bounding_box() for part in parts)
    assert answer["x"] > pad["x"] + pad["width"] and answer["y"] < pad["y"] + pad["height"]
    page.set_viewport_size({"width": 1150, "height": 1200})


def test_the_code_makes_the_same_panel(page):
    code = panel(page, 0).locator(".nnlib-code pre").text_content()
    assert "widgets.Playground(data='rings', hidden=[4])" in code and "nnlib.train(" in code
    made = ask(
        page,
        """
import nnlib
import warnings; warnings.simplefilter("ignore")
play.reset(); play.learning_rate = 0.1; play.advance(24)  # six epochs
made = {"nnlib": nnlib, "widgets": widgets}
exec(play.code, made)
for other in (made["panel"].network, made["net"]):
    print(abs(other.parameters - play.network.parameters).max() < 1e-5)
""",
    )
    assert made.split("\n")[-2:] == ["True", "True"], made


# -- how things are ----------------------------------------------------------------------------------------------------


def test_it_says_that_a_cell_is_running(page):
    notice = panel(page, 0).locator(".nnlib-notice")
    assert notice.inner_text() == ""
    page.evaluate(START, "import time; time.sleep(10)")
    page.wait_for_timeout(200)
    number(page, 0, "learning rate").locator("input[type=range]").press("ArrowRight")
    panel(page, 0).locator(".nnlib-notice", has_text="Waiting for the running cell").wait_for(timeout=9000)
    page.wait_for_function("() => !document.querySelector('.nnlib-notice').innerText", timeout=20_000)


def test_a_panel_that_nobody_sees_pauses_and_says_so(page):
    panel(page, 0).get_by_role("button", name="Train").click()
    page.wait_for_function("() => /step [\\d,]{3,}/.test(document.querySelector('.nnlib-message').innerText)")
    page.evaluate("() => window.jupyterapp.commands.execute('launcher:create')")  # another tab in front
    page.wait_for_timeout(4500)
    page.evaluate("() => window.jupyterapp.commands.execute('application:activate-previous-tab')")
    says(page, 0, "Nobody could see this panel")
    before = panel(page, 0).locator(".nnlib-message").inner_text()
    page.wait_for_timeout(500)
    assert panel(page, 0).locator(".nnlib-message").inner_text() == before


def test_after_a_restart_it_says_that_its_kernel_is_gone(page):
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.wait_for_function(KERNEL_READY)
    number(page, 0, "learning rate").locator("input[type=range]").press("ArrowLeft")
    panel(page, 0).locator(".nnlib-notice", has_text="restarted").wait_for(timeout=10_000)
    assert "run this cell again" in panel(page, 0).locator(".nnlib-notice").inner_text()


def test_a_saved_notebook_shows_its_pictures_without_a_kernel(page, lab, browser):
    """As it was saved, opened anew: no panel, no error; its picture, and what to do."""
    assert page.locator("[data-nnlib-panel]").first.is_hidden(), "the live panel is there"
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
    fresh = browser.new_page()  # whose console complains, of course
    fresh.goto(lab[1]("page.ipynb"))
    fresh.wait_for_selector("[data-nnlib-panel]")
    fresh.wait_for_timeout(3000)
    shown = fresh.locator(".jp-OutputArea").first
    assert "run this cell" in shown.inner_text()
    assert "Error displaying" not in fresh.locator(".jp-Notebook").inner_text()
    picture = shown.locator("img")
    assert picture.is_visible() and picture.bounding_box()["width"] > 500
    assert "What the network says" in shown.inner_text()
    fresh.close()


def test_a_phone(lab, browser):
    """390 pixels wide, with a finger: the whole pad, a digit drawn, a photograph that lies on its side."""
    nbformat.write(
        new_notebook(
            cells=[new_code_cell(f"from nnlib import widgets\n{cell}") for cell in CELLS[2:]], metadata=KERNEL
        ),
        lab[0] / "notebooks" / "phone.ipynb",
    )
    context = browser.new_context(viewport={"width": 390, "height": 664}, has_touch=True, is_mobile=True)
    with opening(SimpleNamespace(new_page=lambda viewport: context.new_page())) as opened:
        page = opened(lab, "phone.ipynb")
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        page.wait_for_timeout(500)
        pad = panel(page, 0).locator(".nnlib-pad")
        pad.scroll_into_view_if_needed()
        box, whole = pad.bounding_box(), panel(page, 0).bounding_box()
        assert box["x"] + box["width"] <= whole["x"] + whole["width"] and box["width"] == pytest.approx(box["height"])
        finger, seven = context.new_cdp_session(page), [(0.3, 0.25), (0.5, 0.25), (0.7, 0.25), (0.58, 0.5), (0.48, 0.8)]
        for k, (x, y) in enumerate(seven):
            at = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}]
            kind = "touchMove" if k else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        says(page, 0, "Reads 7")

        inputs = panel(page, 1).locator("input[type=file]")
        given = inputs.evaluate_all("all => all.map(input => [input.accept, input.getAttribute('capture')])")
        assert given == [["image/*", None], ["image/*", "environment"]]
        file, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = 6  # the camera was held upright: turn it clockwise
        photo = Image.open(io.BytesIO(bmp(2400))).rotate(90)
        photo.save(file, "jpeg", exif=exif)
        inputs.nth(1).set_input_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
        says(page, 1, "Reads 7")
    context.close()
