"""NOTATION.md and the formulas of all notebooks: every letter is in the page, and means one thing where that shows."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CELLS = {path.stem[:2]: [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "markdown"] for path in PATHS}
GREEK = "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega"
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.DOTALL)
NO_LETTERS = re.compile(r"\\(?:text|textbf|mathrm|operatorname|tag|begin|end)\*?\s*\{[^{}]*\}")
# What a cell with this letter speaks of, for letters that meant two things once.
SPEAKS_OF = {
    "lambda": "weight decay|penalty|penalties|L2",
    "alpha": "ELU|elu",
    "eta": r"rate|←|leftarrow|update|step|shrink",
    "r": "row",
}


def formulas(text):
    return [double or single for double, single in FORMULA.findall(re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S))]


def letters(formula):
    """Latin letters, and the names of Greek ones; no words and no commands."""
    formula = NO_LETTERS.sub(" ", formula)
    greek = set(re.findall(rf"\\({'|'.join(GREEK.split())})(?![a-zA-Z])", formula))
    return greek | set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", formula)))


def letters_in(text):
    return set().union(*map(letters, formulas(text)))


def table(title):
    """The rows of the page's table under this title."""
    page = (ROOT / "NOTATION.md").read_text(encoding="utf-8")
    part = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")]
    return rows[2:]


EVERYWHERE = [letter for first, *_ in table("Letters that mean the same everywhere") for letter in letters_in(first)]
BORROWED = [(letter, row[1]) for row in table("Letters that one notebook borrows") for letter in letters_in(row[0])]


def test_letters_of_a_formula():
    text = r"$$dZ_l = A_{l-1}^\top\,dZ_l \text{ if } \eta > 0 \tag{4.5}$$ and $e^{z_{k'}}$, `$no$`"
    text += r", $\operatorname{Var}(w)$"
    assert letters_in(text) == set("dZlAezkw") | {"eta"}


def test_a_letter_stands_in_one_row():
    """No letter that means the same everywhere is borrowed; none is borrowed twice by the same notebook."""
    assert len(set(EVERYWHERE)) == len(EVERYWHERE) and len(set(BORROWED)) == len(BORROWED)
    assert not {letter for letter, _ in BORROWED} & set(EVERYWHERE)


@pytest.mark.parametrize("notebook", CELLS)
def test_every_letter_is_in_the_page(notebook):
    known = set(EVERYWHERE) | {letter for letter, where in BORROWED if where == notebook}
    for cell in CELLS[notebook]:
        assert letters_in(cell) <= known, (letters_in(cell) - known, cell)


def test_the_page_has_no_letter_that_nobody_uses():
    used = {notebook: letters_in("\n\n".join(cells)) for notebook, cells in CELLS.items()}
    assert set(EVERYWHERE) <= set().union(*used.values())
    assert not [(letter, where) for letter, where in BORROWED if letter not in used[where]]


@pytest.mark.parametrize("notebook", CELLS)
def test_a_letter_keeps_its_meaning_where_that_shows(notebook):
    for cell in CELLS[notebook]:
        for letter in letters_in(cell) & set(SPEAKS_OF):
            assert re.search(SPEAKS_OF[letter], cell), (letter, cell)
        for formula in formulas(cell):
            # l counts layers, so no sum over classes or inputs runs over it; L is the loss, and no number of layers.
            assert not re.search(r"\\(sum|max|min|prod)(\\limits)?_\{?l\b", formula), formula
            assert not re.search(r"\b[l1]\s*(=.*\\dots|,\s*\\dots).*\bL\b", formula), formula
            assert not re.search(r"\\sum_\{?i\b.*W_\{?i\b", formula), formula  # i counts rows: no weight has it


@pytest.mark.parametrize("notebook", CELLS)
def test_an_accuracy_is_no_score(notebook):
    for cell in CELLS[notebook]:
        assert not re.search(r"\bscor(e|es|ed|ing)\b", cell, re.IGNORECASE), cell


def test_the_page_is_linked():
    assert "(NOTATION.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all("(../NOTATION.md)" in CELLS[notebook][0] for notebook in ("01", "02", "03", "04", "05"))
