"""Slides of the notebooks that open without a network: reveal.js and MathJax lie beside them. `--measure` opens them in
Chromium at 1280 x 720 and tells of every page how far it had to be made smaller, and whether it still does not fit."""

import argparse
import importlib.util
import re
import shutil
import sys
from pathlib import Path

import parts
from nbconvert import SlidesExporter

HERE = Path(__file__).resolve().parent
MOST_PAGES = 30  # in a lecture of 50 minutes
# Most of both libraries: other outputs and languages, speech, tests, themes and their fonts, other plug-ins.
UNUSED = shutil.ignore_patterns(
    *("a11y", "localization", "SVG", "test", "theme", "font", "demo.html", "*.md", "gruntfile.js"),
    *("highlight", "markdown", "math", "multiplex", "notes-server", "print-pdf", "search", "zoom-js"),
)
FOLD = re.compile(r"<details[^>]*>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)


def package_folder(name, inside):
    """A folder inside an installed package, which is not imported."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        sys.exit(f"the package {name} is missing: pip install -r requirements.txt")
    return Path(spec.submodule_search_locations[0]) / inside


def copy_libraries(folder):
    for name, source in {
        "reveal": package_folder("rise", "static/reveal.js"),
        "mathjax": package_folder("jupyter_server_mathjax", "static"),
    }.items():
        shutil.copytree(source, folder / name, ignore=UNUSED, dirs_exist_ok=True)
    for name in ("slides.css", "fit.js"):
        shutil.copy(HERE / "slides_template" / name, folder)


def for_a_lecture(notebook):
    """Fold nothing that is shown, and show nothing that is folded: answers and notes open, drawing code goes."""
    answers = {id(prediction.answer) for prediction in parts.predictions(notebook)}
    for cell in notebook.cells:
        if id(cell) in answers:
            cell.source = FOLD.sub(r"**\1**\n\2", cell.source)
            if parts.slide_type(cell) == "-":
                cell.metadata["slideshow"] = {"slide_type": "fragment"}
        elif parts.slide_type(cell) == "notes":
            cell.source = FOLD.sub(r"**\1**\n\2", cell.source)
        if cell.cell_type == "code" and cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata["transient"] = {"remove_source": True}
    return notebook


def write(path, folder):
    """The slides of the notebook at path, as a page in the folder."""
    exporter = SlidesExporter(
        extra_template_basedirs=[str(HERE)],
        template_name="slides_template",
        reveal_url_prefix="reveal",
        embed_images=True,
    )
    exporter.log.setLevel("ERROR")  # pictures have no text of their own; the cell around them says what they show
    resources = {"metadata": {"name": path.stem, "path": str(path.parent)}}
    page, _ = exporter.from_notebook_node(for_a_lecture(parts.read(path)), resources)
    page = re.sub(r'<link[^>]*"reveal/dist/[^>]*>', "", page)  # of a newer reveal.js
    page = re.sub(r'href="([\w-]+)\.ipynb', r'href="\1.html', page)
    page = re.sub(r'href="\.\./', 'href="../../', page)
    (folder / f"{path.stem}.html").write_text(page, encoding="utf-8")


def measure(pages):
    """For each HTML page the measures of its pages: a dict of lists of dicts. Nothing outside may be asked for."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        tab.route(re.compile("^https?:"), lambda route: route.abort())
        found = {page: measure_one(tab, page) for page in pages}
        browser.close()
    return found


def measure_one(tab, page):
    tab.goto(page.resolve().as_uri())
    tab.wait_for_selector("html[data-ready]", timeout=120_000)
    return tab.evaluate("window.pages")


def too_large(page):
    return page["height"] > 720 or page["cut"] > 0


def lectures(measures):
    """The pages of each lecture. A notebook is one; a page with the heading "Break" is the last of its lecture."""
    found = [[]]
    for page in measures:
        found[-1].append(page)
        if page["title"].strip() == "Break":
            found.append([])
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--output", type=Path, default=Path("build/slides"), help="folder for the slides")
    parser.add_argument("--measure", action="store_true", help="open them in Chromium and list pages that are too full")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    copy_libraries(options.output)
    for path in options.notebooks:
        write(path, options.output)
    if options.measure:
        for page, measures in measure([options.output / f"{path.stem}.html" for path in options.notebooks]).items():
            lengths = [len(lecture) for lecture in lectures(measures)]
            print(f"{page.stem}: {' + '.join(map(str, lengths))} pages, {sum(map(too_large, measures))} do not fit")
            if max(lengths) > MOST_PAGES:
                print(f"  more than {MOST_PAGES} pages for 50 minutes: skip the cells that are for the reader alone")
            for number, one in enumerate(measures, 1):
                if too_large(one) or one["zoom"] < 0.8:
                    fault = f"{one['height']} px high, {one['cut']} cut" if too_large(one) else "fits"
                    print(f"  {number:3} at {one['zoom']:.0%} {fault}: {one['title']}")


if __name__ == "__main__":
    main()
