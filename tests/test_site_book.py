"""The book as readers meet it: built once, served on this machine, looked at in Chromium. `make test-site` runs it."""

import functools
import http.server
import os
import re
import threading
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import parts
import pytest

WANTED = "wants what site/requirements.txt lists: make test-site"
for name in ("sphinx", "myst_nb", "sphinx_book_theme", "mathjax"):
    pytest.importorskip(name, reason=WANTED)
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=WANTED).Axe
BeautifulSoup = pytest.importorskip("bs4", reason=WANTED).BeautifulSoup
site_book, site_pages = pytest.importorskip("site_book"), pytest.importorskip("site_pages")

pytestmark = pytest.mark.site
ROOT = Path(__file__).resolve().parent.parent
PAGES = ["index", "NOTATION", "REFERENCES", "data/README", *(f"notebooks/{path.stem}" for path in site_book.NOTEBOOKS)]
TYPESET = "() => window.MathJax ? MathJax.startup.promise.then(() => true) : true"
# What a key has to reach, if it is to be seen.
CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, select, summary')].filter(one =>
    one.checkVisibility({checkVisibilityCSS: true}) && !one.disabled && one.tabIndex >= 0 && !one.closest('[inert]')
    && one.getClientRects().length).map((one, k) => { one.dataset.control = k; return one.outerHTML.slice(0, 90); })"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the book, alone: what else stands on the site is not there."""
    out = tmp_path_factory.mktemp("site") / "out"
    site_book.build(out)
    return out


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def show(browser, address):
    """A function that opens a page of the book, all folds open, and returns its tab. Nothing outside may be asked for,
    and nothing that the book asks for may be missing."""
    tabs, bad = [], []

    def open_page(name, width=1280, scheme="light"):
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tabs.append(tab)
        tab.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else bad.append(r.url))
        tab.on("response", lambda r: bad.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        tab.on("pageerror", lambda error: bad.append(str(error)))
        tab.goto(f"{address}/{name}.html")
        tab.evaluate(TYPESET)
        tab.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        return tab

    yield open_page
    for tab in tabs:
        tab.close()
    assert not bad


def soup(site, name):
    return BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


every_page = pytest.mark.parametrize("name", PAGES)
every_notebook = pytest.mark.parametrize("path", site_book.NOTEBOOKS, ids=[path.stem for path in site_book.NOTEBOOKS])


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(show, name, scheme):
    """axe-core, which Lighthouse asks too: contrast, order of headings, texts of pictures, names of links and controls,
    scrolling by key. Left out are `region`, since the theme's title of the book stands outside of its landmarks, and
    `empty-table-header`, which does not read formulas: the next test does."""
    tab = show(name, scheme=scheme)
    rules = {rule: {"enabled": False} for rule in ("region", "empty-table-header")}
    found = Axe().run(tab, options={"resultTypes": ["violations"], "rules": rules, "preload": False})
    assert not [
        (one["id"], node["html"][:200], node["failureSummary"])
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


@every_page
def test_heads_of_tables_have_words(site, name):
    assert not [head for head in soup(site, name).select("th") if not head.get_text(strip=True)]


@every_page
def test_no_sideways_scrolling_on_a_phone(show, name):
    tab = show(name, width=380)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("name", ["index", PAGES[4]])
def test_keys_reach_every_control(show, name, width):
    tab = show(name, width=width)
    wanted = tab.evaluate(CONTROLS)
    assert len(wanted) > 15
    reached = set()
    for _ in range(2 * len(wanted) + 20):  # what scrolls takes the focus, too
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement?.dataset.control ?? ''"))
        if len(reached - {""}) == len(wanted):
            break
    assert not [text for k, text in enumerate(wanted) if str(k) not in reached]


@every_notebook
def test_every_picture_has_words(site, path):
    pictures = soup(site, f"notebooks/{path.stem}").select(".cell_output img")
    cells = [cell for cell in parts.read(path).cells if cell.cell_type == "code" and "check" not in parts.tags(cell)]
    assert len(pictures) == sum("image/png" in o.get("data", {}) for cell in cells for o in cell.outputs)
    words = [picture.get("alt", "") for picture in pictures]
    assert not [text for text in words if len(text.split()) < 2 or len(text) > 300 or re.search(r"[\\$`<]", text)], (
        words
    )


def test_words_of_a_picture():
    cell = parts.nbformat.v4.new_code_cell(
        "# The picture: two curves\ndraw(ax)\n_ = ax.set(xlabel='step', ylabel='$L$')"
    )
    helper = site_book.ast.parse("def draw(ax):\n    ax.set_title('before and after')").body[0]
    words = site_book.described(cell, "Why?", {"draw": helper})
    assert words == "Why. two curves. title: before and after. horizontal axis: step. vertical axis: L"
    drawn = site_book.described(parts.nbformat.v4.new_code_cell("plots.images(X)"), "Digits", {})
    assert drawn == "Digits. A grid of pictures"


def test_links_lead_somewhere(site):
    """Every link inside the site has its file and its place. The panels in the browser and the playground are built
    beside the book: of them, the form is looked at."""
    pages, ids, dead, count = {}, {}, [], 0
    for file in [file for place in ("", "data/", "notebooks/", "slides/") for file in site.glob(f"{place}*.html")]:
        pages[file] = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        ids[file] = {tag["id"] for tag in pages[file].select("[id]")}
    for file, page in pages.items():
        for tag in page.select("[href], [src]"):
            link = urlsplit(tag.get("href") or tag.get("src"))
            if link.scheme or link.netloc:
                continue
            count += 1
            target = Path(os.path.normpath(file.parent / unquote(link.path))) if link.path else file
            inside = target.relative_to(site).as_posix()
            if inside == "lite/lab/index.html":
                (notebook,) = parse_qs(link.query)["path"]
                fine = (ROOT / notebook).is_file()
            elif inside == "playground/index.html":
                fine = True
            else:
                fine = target.is_file() and (not link.fragment or link.fragment in ids.get(target, {link.fragment}))
            if not fine:
                dead.append(f"{file.name}: {tag}"[:200])
    assert count > 1000 and not dead


@every_notebook
def test_ways_to_try(site, path):
    """On the page's bar, beside each panel and after each exercise; next and previous; the slides."""
    page = soup(site, f"notebooks/{path.stem}")
    here = f"../lite/lab/index.html?path=notebooks/{path.name}"
    panels = [
        output
        for cell in parts.read(path).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "A live panel" in output.get("data", {}).get("text/html", "")
    ]
    assert panels and len(page.select(f".panel-words a[href='{here}']")) == len(panels)
    checks = [cell for cell in parts.read(path).cells if "check" in parts.tags(cell)]
    assert checks and len(page.select(f".check-words a[href='{here}']")) == len(checks)
    assert len(page.select(f".try-bar a[href='{here}']")) == 1
    assert page.select(f".try-bar a[href='../slides/{path.stem}.html']")
    assert page.select(".left-prev") and page.select(".right-next")


@every_notebook
def test_folded_as_in_the_notebook(site, path):
    """Answers and solutions wait in a fold; notes and checks, which want a lecturer or an answer, are left out."""
    cells, page = parts.read(path).cells, soup(site, f"notebooks/{path.stem}")
    text = page.get_text()
    assert "For the lecturer" not in text and "not filled in yet" not in text
    folds = page.select("details")
    assert not any(fold.has_attr("open") for fold in folds)
    hidden = "".join(fold.get_text() for fold in folds)
    solutions = [cell for cell in cells if cell.cell_type == "code" and "solution" in parts.tags(cell)]
    assert solutions and hidden.count("the solution gives:") >= len(solutions)
    shown = text
    for fold in folds:
        shown = shown.replace(fold.get_text(), "")
    assert "the solution gives:" not in shown
    for answer in parts.predictions(parts.read(path)):
        assert "If you chose A, you" in hidden and "If you chose A, you" not in shown, answer.title


@every_notebook
def test_equations_are_linked(site, path):
    """From prose and from the comments of code to the place of the equation, on this page or another."""
    page, of = soup(site, f"notebooks/{path.stem}"), site_pages.equations()
    own = [number for number, name in of.items() if name == f"notebooks/{path.stem}"]
    assert own and [tag["id"] for tag in page.select(".equation-place")] == [f"eq-{number}" for number in own]
    links = page.select("a.cites")
    assert links and page.select(".highlight a.cites")
    for tag in links:
        number = tag.get_text().strip("()")
        target = "" if number in own else f"{of[number].removeprefix('notebooks/')}.html"
        assert tag["href"] == f"{target}#eq-{number}"


def test_a_link_shows_its_equation(show):
    tab = show(PAGES[6])  # 03 cites 02
    link = tab.locator("a.cites[href^='02_']").first
    number = link.inner_text().strip("()")
    link.click()
    tab.wait_for_url(f"**/02_*#eq-{number}")
    tab.evaluate(TYPESET)
    tab.wait_for_timeout(300)
    place = tab.evaluate("document.querySelector(':target').getBoundingClientRect().top")
    assert 0 <= place < 450
    assert number in tab.evaluate("""() => { let one = document.querySelector(':target');
        while (!one.matches('div.math')) one = one.nextElementSibling;
        return one.textContent }""")


def test_search_finds(show):
    tab = show("search")
    tab.goto(tab.url + "?q=vanishing+gradient")
    tab.wait_for_selector("#search-results li a")
    assert "Which activation is best" in tab.locator("#search-results").inner_text()


def test_start_page_says_what_the_readme_says(site):
    text = re.sub(r"\s+", " ", soup(site, "index").get_text())
    rows = site_book.ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(rows) == len(site_book.NOTEBOOKS)
    for title, _, minutes, able in rows:
        assert title in text and f"{minutes} minutes" in text and f"You can {able.replace('`', '')}." in text


@pytest.mark.parametrize("origin", ["https://github.com/one/two.git\n", "git@github.com:one/two\n"])
def test_the_repository_is_found(monkeypatch, origin):
    """From the workflow that builds, else from git; elsewhere than on GitHub there are no doors to Colab and Binder."""
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    answers = iter([origin, "/a/folder\n"])
    monkeypatch.setattr(site_book.subprocess, "run", lambda *_, **__: type("Done", (), {"stdout": next(answers)}))
    assert site_book.repository() == "https://github.com/one/two"
    assert site_book.doors() == {}
    monkeypatch.setenv("GITHUB_REPOSITORY", "three/four")
    assert site_book.doors()["repository_url"] == "https://github.com/three/four"
