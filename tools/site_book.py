"""The book: each notebook as a page with the outputs that it holds, beside NOTATION.md, REFERENCES.md, data/README.md
and the slides. Nothing is executed, and no page asks for anything from outside."""

import argparse
import ast
import base64
import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import parts
import slides
from PIL import Image
from sphinx.cmd.build import build_main

import nnlib.plots

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROW = re.compile(r"^\| \[\d\d (.+?)\]\(notebooks/(\w+)\.ipynb\) \| (\d+) \| \d \| (.+) \|$", re.MULTILINE)
PANEL = "<b>A live panel: run this cell to use it.</b>"
AXES = {"suptitle": "title", "title": "title", "xlabel": "horizontal axis", "ylabel": "vertical axis"}


def repository():
    """The address of the project on GitHub, if it is there: from the workflow that builds, else from git's origin."""
    if name := os.environ.get("GITHUB_REPOSITORY"):
        return f"https://github.com/{name}"
    command = ["git", "remote", "get-url", "origin"]
    origin = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = re.fullmatch(r"(?:https://|git@)github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?\s*", origin.stdout)
    return f"https://github.com/{found[1]}" if found else ""


def doors():
    """The theme's options for Colab and Binder, which want to know where the repository is."""
    address = repository()
    if not address:
        return {}
    return {
        "repository_url": address,
        "repository_branch": "main",
        "use_repository_button": True,
        "use_issues_button": True,
        "launch_buttons": {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    }


def described(cell, heading, functions):
    """What a picture shows, in words: the heading above it, the comment of the code that drew it, its titles and axes;
    where the code has none of these, what the function of nnlib.plots says that drew it."""
    comment = re.match(r"# (?:The picture: |What draws )?(.+)", cell.source)
    named, drawn, trees = {}, "", [ast.parse(cell.source)]
    for tree in trees:
        for node in ast.walk(tree):
            labels = []
            if isinstance(node, ast.keyword):
                labels = [(node.arg, node.value)]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
                trees.append(functions.pop(node.func.id))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                labels = [(node.func.attr.removeprefix("set_"), argument) for argument in node.args[:1]]
                if getattr(node.func.value, "id", "") == "plots":
                    drawn = re.split(r"\.(?:\s|$)|:\s", getattr(nnlib.plots, node.func.attr).__doc__)[0]
            for kind, value in labels:
                if kind in AXES and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    named.setdefault(AXES[kind], []).append(value.value)
    words = [heading.rstrip("?"), *([comment[1]] if comment else [])]
    words += [f"{of}: {', '.join(dict.fromkeys(named[of]))}" for of in dict.fromkeys(AXES.values()) if of in named]
    if len(words) == 1:
        words.append(re.sub(r"\s*\([^)]*\)", "", drawn))
    return re.sub(r"[\s$\\{}`]+", " ", ". ".join(filter(None, words))).strip()


def page(path):
    """The notebook at path as the book shows it: folded where it is, without what needs a kernel or a lecturer."""
    notebook, functions, heading, titles = parts.read(path), {}, "", 0
    link = f'<a class="try" href="../lite/lab/index.html?path=notebooks/{path.name}">Try it here</a>'
    cells = []
    for cell in notebook.cells:
        tags, hidden = parts.tags(cell), cell.metadata.get("jupyter", {}).get("source_hidden")
        if parts.slide_type(cell) == "notes":
            continue  # they stand in the slides, in the speaker's view
        if "check" in tags:  # it answers only who has filled in the stub
            cell = nbformat.v4.new_markdown_cell(f'<p class="check-words">{link} and have your answer checked.</p>')
        cell.metadata = {}
        cells.append(cell)
        if cell.cell_type == "markdown":
            titles += cell.source.startswith("# ")
            if titles > 1:  # a page has one title
                cell.source = re.sub(r"^# ", "## ", cell.source)
            cell.source = cell.source.replace("](../README.md)", "](../index.md)")
            heading = (re.findall(r"^#+ (?:\d+ · )?((?!Predict$).+)$", cell.source, re.MULTILINE) or [heading])[-1]
            continue
        functions |= {n.name: n for n in ast.parse(cell.source).body if isinstance(n, ast.FunctionDef)}
        book = {}
        if "solution" in tags:
            cell.metadata["tags"] = ["hide-cell"]
            book |= {"code_prompt_show": "Solution, in code", "code_prompt_hide": "Solution, in code"}
        elif hidden:
            cell.metadata["tags"] = ["hide-input"]
            book |= {"code_prompt_show": "The code of this picture", "code_prompt_hide": "The code of this picture"}
        elif "exercise" in tags:
            cell.metadata["tags"] = ["exercise"]
        text = described(cell, heading, dict(functions))
        for output in cell.outputs:
            markup = output.get("data", {}).get("text/html", "")
            if PANEL in markup:
                text = "Panel: " + re.sub(r"<[^>]+>", "", markup.split(PANEL)[1]).split(".")[0].strip()
                output.data["text/html"] = re.sub(
                    r"^<div.*?<p>", '<div class="panel-words"><p>', markup, flags=re.DOTALL
                )
                output.data["text/html"] = output.data["text/html"].replace(PANEL, link)
        cell.metadata["mystnb"] = book | {"image": {"alt": text}}
    notebook.cells = cells
    return notebook


def cards(readme):
    """The table of notebooks in the README, as a list of cards."""
    lines = ['<ol class="cards">']
    for title, name, minutes, able in ROW.findall(readme):
        able = re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(able, quote=False))
        lines.append(
            f'<li><h3><a href="notebooks/{name}.html">{name[:2]} · {html.escape(title)}</a></h3>'
            f"<p>You can {able}.</p><p class='card-ways'><span>{minutes} minutes</span> "
            f'<a href="lite/lab/index.html?path=notebooks/{name}.ipynb">Try it here'
            f'<span class="unseen">: {name[:2]}</span></a> <a href="slides/{name}.html">Slides'
            f'<span class="unseen"> of {name[:2]}</span></a></p></li>'
        )
    return "\n".join([*lines, "</ol>"])


def lay(folder):
    """Write what Sphinx reads into an empty folder."""
    shutil.copytree(ROOT / "site" / "book", folder, dirs_exist_ok=True)
    for name in ("NOTATION.md", "REFERENCES.md", "data/README.md", "figures/04_forward.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copy(slides.package_folder("mathjax", "static/mathjax/es5/tex-svg.js"), folder / "_static")
    (folder / "notebooks").mkdir()
    for path in NOTEBOOKS:
        nbformat.write(page(path), folder / "notebooks" / path.name)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    index = (folder / "index.md").read_text(encoding="utf-8")
    promise = re.search(r"^Jupyter notebooks that .+?\n\n", readme, re.MULTILINE | re.DOTALL)[0]
    for name, text in {
        "promise": " ".join(promise.split()),
        "cards": cards(readme),
        "first": NOTEBOOKS[0].stem,
        "toctree": "\n".join(f"notebooks/{path.stem}" for path in NOTEBOOKS),
    }.items():
        index = index.replace(f"%{name}%", text)
    (folder / "index.md").write_text(index, encoding="utf-8")


def lay_slides(out):
    """The slides in out/slides: with the book's pictures where those are the same, and with one style for all."""
    folder = out / "slides"
    folder.mkdir(parents=True, exist_ok=True)
    slides.main([*map(str, NOTEBOOKS), "--output", str(folder)])

    def outside(match):
        data = base64.b64decode(match[1])
        name = f"{hashlib.sha256(data).hexdigest()}.png"
        if not (out / "_images" / name).exists():
            (folder / "images").mkdir(exist_ok=True)
            (folder / "images" / name).write_bytes(data)
            return f"images/{name}"
        return f"../_images/{name}"

    def shared(match):
        if len(match[1]) < 20_000:
            return match[0]
        name = f"{hashlib.sha256(match[1].encode()).hexdigest()[:8]}.css"
        (folder / name).write_text(match[1], encoding="utf-8")
        return f'<link rel="stylesheet" href="{name}">'

    for path in NOTEBOOKS:
        file = folder / f"{path.stem}.html"
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"<style[^>]*>(.*?)</style>", shared, text, flags=re.DOTALL)
        text = re.sub(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)", outside, text)
        text = re.sub(r'href="\.\./\.\./README\.md', 'href="../index.html', text)
        text = re.sub(r'href="\.\./\.\./([\w/]+)\.md', r'href="../\1.html', text)
        file.write_text(text, encoding="utf-8")


def shrink_pictures(out):
    """Every picture of a notebook as WebP, without loss: half the bytes."""
    for file in [*out.glob("_images/*.png"), *out.glob("slides/images/*.png")]:
        Image.open(file).save(file.with_suffix(".webp"), lossless=True)
        file.unlink()
    for file in [*out.glob("*.html"), *out.glob("notebooks/*.html"), *out.glob("slides/*.html")]:
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r"(_images/[\w-]+|images/[0-9a-f]{64})\.png", r"\1.webp", text), encoding="utf-8")


def build(out):
    """Write the book and the slides into the folder out, beside what is already there."""
    out = Path(out)
    work = out.parent / f"{out.name}-book"
    shutil.rmtree(work, ignore_errors=True)
    lay(work / "pages")
    sys.path.insert(0, str(Path(__file__).parent))  # for conf.py
    if build_main(["-q", "-W", "--keep-going", "-b", "html", "-d", str(work / "trees"), str(work / "pages"), str(out)]):
        sys.exit("the book was not built: Sphinx says above what is wrong with which page")
    for name in (".buildinfo", "objects.inv"):
        (out / name).unlink(missing_ok=True)
    for file in [*(out / "_static").rglob("*.map")]:
        file.unlink()
    (out / "_sources").rmdir()  # empty, since html_copy_source is off
    lay_slides(out)
    shrink_pictures(out)
    shutil.rmtree(work)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site", help="folder for the pages")
    build(parser.parse_args(arguments).output)


if __name__ == "__main__":
    main()
