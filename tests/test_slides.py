"""The slides in Chromium: no network, every page fits a projector of 1280 x 720, and a lecture has at most 30."""

import contextlib
import re
from pathlib import Path

import nbformat
import parts
import pytest
import slides
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What a page shows at its last fragment: its lower edge, and its pictures that did not load.
SHOWN = """() => [...document.querySelectorAll(".slides > section > section")].map(section => {
    const {h, v} = Reveal.getIndices(section);
    Reveal.slide(h, v, 99);
    return [section.querySelector(".page").getBoundingClientRect().bottom,
            [...section.querySelectorAll("img")].filter(image => !image.naturalWidth).length];
})"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    slides.main([*map(str, PATHS), "--output", str(folder)])
    return folder


@contextlib.contextmanager
def projector(browser):
    """A tab at a projector's size that refuses everything outside, and notes what a page asks for."""
    tab = browser.new_page(viewport={"width": 1280, "height": 720})
    tab.asked, tab.errors = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.on("requestfailed", lambda request: tab.errors.append(request.url) if request.url != "about:blank" else None)
    tab.route(re.compile("^(https?|wss?):"), lambda route: route.abort())
    yield tab
    tab.close()


@pytest.fixture
def tab(browser):
    with projector(browser) as tab:
        yield tab


@pytest.fixture(scope="module", params=PATHS, ids=[path.stem for path in PATHS])
def lecture(request, browser, folder):
    """A notebook's path, its slides in a tab, and the measures of their pages."""
    with projector(browser) as tab:
        yield request.param, tab, slides.measure_one(tab, folder / f"{request.param.stem}.html")


@pytest.fixture
def measured(tab, tmp_path):
    """A function that shows a notebook of the given cells and returns its pages' measures."""

    def measure(*cells):
        nbformat.write(new_notebook(cells=list(cells)), tmp_path / "tiny.ipynb")
        slides.main([str(tmp_path / "tiny.ipynb"), "--output", str(tmp_path)])
        return slides.measure_one(tab, tmp_path / "tiny.html")

    return measure


def on(slide_type, cell):
    cell.metadata.slideshow = {"slide_type": slide_type}
    return cell


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_no_address_of_a_network_is_loaded(folder, path):
    page = (folder / f"{path.stem}.html").read_text(encoding="utf-8")
    loaded = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=[\"']([^\"']+)", page)
    assert {"slides.css", "fit.js"} <= set(loaded)
    assert not [address for address in loaded if re.match(r"(https?:)?//", address)]
    assert not re.search(r"cdnjs|unpkg|jsdelivr|googleapis|@import", page)
    assert not re.search(r"https?:", "".join((folder / name).read_text() for name in ("slides.css", "fit.js")))


def test_every_page_fits(lecture):
    _, tab, pages = lecture
    for part in slides.lectures(pages):
        titles = [page["title"] for page in part]
        assert 12 <= len(part) <= slides.MOST_PAGES, f"{len(part)} pages for 50 minutes: {titles}"
    assert not list(filter(slides.too_large, pages))
    assert min(page["zoom"] for page in pages) >= 0.6
    shown = tab.evaluate(SHOWN)
    assert len(shown) == len(pages) and max(bottom for bottom, _ in shown) <= 721 and not any(bad for _, bad in shown)
    assert tab.asked and not [url for url in tab.asked if not re.match("file:|data:|blob:|about:", url)]
    assert not tab.errors
    assert tab.locator("css=[id^=MathJax-Element] .math, .MathJax .math").count() > 5
    assert "$$" not in tab.locator(".slides").inner_text()


def test_pages_are_the_same_in_any_window(folder, tab):
    """A small one is that of the speaker's view, whose page numbers go with those of the screen."""
    page = folder / f"{PATHS[2].stem}.html"
    before = [one["title"] for one in slides.measure_one(tab, page)]
    for width, height in ((1920, 1080), (600, 500)):
        tab.set_viewport_size({"width": width, "height": height})
        tab.reload()
        assert [one["title"] for one in slides.measure_one(tab, page)] == before


def test_speakers_view(folder, tab):
    """Opened by the key S, it shows the notes of the page on the screen."""
    slides.measure_one(tab, folder / f"{PATHS[0].stem}.html")
    with tab.context.expect_page() as popup:
        tab.keyboard.press("s")
    popup.value.get_by_text("For the lecturer").wait_for(timeout=60_000)


def test_what_is_folded(lecture):
    """Drawing code that is folded in the notebook is not shown, lecturers' notes are in the speaker's view alone, and
    an answer is not there when its question is."""
    path, tab, _ = lecture
    notebook = parts.read(path)
    shown = tab.evaluate("() => [...document.querySelectorAll('.slides .page')].map(page => page.textContent).join('')")
    folded = [cell for cell in notebook.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    open_code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code" and c not in folded)
    for cell in folded:
        if cell.cell_type == "code" and cell.source not in open_code:
            assert cell.source not in shown, cell.source
    assert "For the lecturer" not in shown
    assert tab.locator("aside.notes").count() > 5 and tab.locator("aside.notes details").count() == 0
    assert (
        max(
            tab.evaluate(
                "() => [...document.querySelectorAll('section > section')].map(s => s.querySelectorAll('aside').length)"
            )
        )
        == 1
    )
    for one in parts.predictions(notebook):
        assert parts.slide_type(one.answer) in ("-", "fragment", "subslide", "slide"), one.answer.source


def test_fits_without_change(measured):
    (page,) = measured(on("slide", new_markdown_cell("# Short\n\nOne line.")))
    assert page == {"title": "Short", "height": page["height"], "cut": 0, "zoom": 1, "pictures": 1.4}
    assert 50 < page["height"] < 300


def test_a_break_divides_lectures(measured):
    """What is skipped is no page, a fragment is on the page before, and the break closes the first lecture."""
    cells = [
        ("slide", "# One"),
        ("subslide", "## Two"),
        ("-", "more"),
        ("fragment", "more"),
        ("skip", "## Not shown"),
        ("notes", "for the lecturer"),
        ("subslide", "## Three"),
        ("slide", "---\n## Break"),
        ("slide", "# Four"),
        ("subslide", "## Five"),
    ]
    pages = measured(*[on(kind, new_markdown_cell(source)) for kind, source in cells])
    titles = [[page["title"] for page in lecture] for lecture in slides.lectures(pages)]
    assert titles == [["One", "Two", "Three", "Break"], ["Four", "Five"]]
    assert slides.lectures(pages[:3]) == [pages[:3]]


def test_a_lecture_that_is_too_long_is_told(tab, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(slides, "measure", lambda pages: {page: slides.measure_one(tab, page) for page in pages})
    cells = [on("slide", new_markdown_cell(f"# Page {k}")) for k in range(slides.MOST_PAGES)]
    for more, told in (([], False), ([on("subslide", new_markdown_cell("one more"))], True)):
        nbformat.write(new_notebook(cells=cells + more), tmp_path / "long.ipynb")
        slides.main([str(tmp_path / "long.ipynb"), "--output", str(tmp_path), "--measure"])
        out = capsys.readouterr().out
        assert f"long: {len(cells + more)} pages, 0 do not fit" in out
        assert ("more than 30 pages for 50 minutes" in out) == told


def test_a_long_line_gets_smaller(measured):
    (page,) = measured(on("slide", new_code_cell("x = '" + "m" * 130 + "'")))
    assert page["cut"] == 0 and 0.6 <= page["zoom"] < 1


def test_a_long_page_is_divided(measured):
    cells = [on("slide", new_markdown_cell("# First"))]
    cells += [on("fragment", new_markdown_cell(f"{number}. " + "word " * 150)) for number in range(8)]
    pages = measured(*cells)
    assert len(pages) > 1 and not any(map(slides.too_large, pages)) and all(page["zoom"] >= 0.75 for page in pages)


@pytest.mark.parametrize("source", ["x = 1\n" * 90, "x = '" + "m" * 300 + "'"], ids=["high", "wide"])
def test_what_does_not_fit_is_told(measured, source):
    output = new_output("stream", text="done")
    (page,) = measured(on("slide", new_code_cell(source.strip(), outputs=[output])))
    assert slides.too_large(page) and page["zoom"] == 0.6
