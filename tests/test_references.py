"""REFERENCES.md and the notebooks' own references: the same works, years and addresses; no citation hangs loose."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEXT = {
    path.stem[:2]: "\n\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "markdown")
    for path in PATHS
}
WORK = re.compile(r"(?P<authors>[^\n·*|]+?) \((?:since )?(?P<year>\d{4})\), \[?\*(?P<title>[^*]+)\*")
ADDRESS = re.compile(r"\]\((https?://[^)\s]+(?:\([^)]*\))?)\)")
NAMES = r"([A-ZÉ][\w-]+)(?:, [A-Z][\w-]+)*(?: and others| et al\.| (?:and|&) [A-Z][\w-]+)"
CITED = re.compile(NAMES + r",? \(?((?:18|19|20)\d\d)\b")


def entries(text):
    """{(year, title): (authors, what follows)} of the works in a text, one for each bullet or part of it."""
    found = {}
    for item in re.split(r"^- | · ", text, flags=re.MULTILINE):
        if match := WORK.match(item.removeprefix("*")) or WORK.search(item):
            found[match["year"], match["title"].lower()] = match["authors"], item[match.end() :].split("\n\n")[0]
    return found


LIST = entries((ROOT / "REFERENCES.md").read_text(encoding="utf-8"))


def cited_in(rest):
    (where,) = re.findall(r"\bIn ([\w, ]+)\.\s*$", rest)
    return re.findall(r"\w+", where.replace(" and ", ", "))


def section(notebook):
    return re.search(r"^## References\n(.*?)(?=^## |^<details>|\Z)", TEXT[notebook], re.MULTILINE | re.DOTALL)[1]


def surnames(authors):
    return set(re.findall(r"[A-Z][\w-]+", authors))


def test_every_bullet_is_a_work_and_says_where_it_is_cited():
    bullets = re.findall(r"^- .*", (ROOT / "REFERENCES.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(bullets) == len(LIST) > 50
    for _, rest in LIST.values():
        assert cited_in(rest) and set(cited_in(rest)) <= {*TEXT, "nnlib"}, rest


@pytest.mark.parametrize("notebook", TEXT)
def test_a_notebook_and_the_list_agree(notebook):
    """Each bullet of the notebook's references is a work of the list, with its authors and addresses, and none is
    missing; what the notebook names elsewhere with authors, year and title is there as well."""
    text, own = TEXT[notebook], entries(section(notebook))
    assert len(own) == len(re.findall(r"^- | · ", section(notebook), re.MULTILINE)) >= 5
    for work, (authors, rest) in (entries(text) | own).items():
        assert work in LIST, f"{work} is missing in REFERENCES.md"
        theirs, listed = LIST[work]
        assert notebook in cited_in(listed), f"REFERENCES.md does not say that {notebook} cites {work}"
        if work in own:
            assert authors == theirs
            assert set(ADDRESS.findall(rest)) <= set(ADDRESS.findall(listed)), work
    for (year, title), (_, rest) in LIST.items():
        named = f"*{title}*" in text.lower()
        assert named == (notebook in cited_in(rest)), (notebook, year, title)


@pytest.mark.parametrize("notebook", TEXT)
def test_a_citation_in_the_text_has_its_work(notebook):
    own = entries(TEXT[notebook])
    for name, year in CITED.findall(TEXT[notebook]):
        assert any(y == year and name in surnames(authors) for (y, _), (authors, _) in own.items()), (name, year)


def test_a_citation_in_the_package_has_its_work():
    for path in sorted((ROOT / "nnlib").rglob("*.py")):
        for name, year in CITED.findall(path.read_text(encoding="utf-8")):
            works = [authors for (y, _), (authors, _) in LIST.items() if y == year]
            assert any(name in surnames(authors) for authors in works), (path.name, name, year)


def test_addresses_last():
    """No address of a page that is gone or changes its place."""
    files = [ROOT / "REFERENCES.md", *PATHS, *sorted((ROOT / "nnlib").rglob("*.py"))]
    for path in files:
        assert "yann.lecun.com" not in path.read_text(encoding="utf-8"), path.name
