"""A Sphinx extension, by which the number of an equation leads to it: in prose, and in the comment of the line of code
that is that equation."""

import re

import site_book
from bs4 import BeautifulSoup

TAG = re.compile(r"\\tag\{(\d+\.\d+a?)\}")
CITED = re.compile(r"\((\d{1,2}\.\d{1,2}a?)\)")
NOT_IN = {"a", "h1", "h2", "h3", "summary", "script", "style", "title"}


def equations():
    """Number of each equation: the page that it stands on."""
    return {
        number: f"notebooks/{path.stem}"
        for path in site_book.NOTEBOOKS
        for number in TAG.findall(path.read_text(encoding="utf-8").replace("\\\\", "\\"))
    }


def link(app, name, _, context, __):
    """Give the equations of a page an address, and what cites one, of this page or another, the link."""
    if "body" not in context:
        return
    body = BeautifulSoup(context["body"], "html.parser")
    for formula in body.select("div.math"):
        numbers = TAG.findall(formula.text)
        for number in numbers:  # one place for each: a block may hold several
            formula.insert_before(body.new_tag("span", id=f"eq-{number}", attrs={"class": "equation-place"}))
    for text in body.find_all(string=CITED):
        over = list(text.parents)
        if any(tag.name in NOT_IN or {"math", "cell_output"} & set(tag.get("class", ())) for tag in over):
            continue
        pieces = CITED.split(str(text))
        for k, number in enumerate(pieces):
            if k % 2 == 0:
                text.insert_before(number)
            elif page := app.nnlib_equations.get(number):
                target = "" if page == name else context["pathto"](page)
                tag = body.new_tag("a", href=f"{target}#eq-{number}", attrs={"class": "cites"})
                tag.string = f"({number})"
                text.insert_before(tag)
            else:
                text.insert_before(f"({number})")
        text.extract()
    for head in body.select("thead"):  # a table that needs no head has an empty one in Markdown
        if not head.get_text(strip=True):
            head.decompose()
    for cell in body.select("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"
    for summary in body.select("summary[aria-label]"):  # its own words say more
        del summary["aria-label"]
    context["body"] = str(body)


def setup(app):
    app.nnlib_equations = equations()
    app.connect("html-page-context", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
