"""What every committed notebook keeps to. That its cells run is nbval's part."""

import re
from pathlib import Path

import nbformat
import parts
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
ON_SLIDE = {"slide", "subslide", "fragment", "-"}
RIGHT = {  # the right options of the three predictions, each letter about as often as the others, so that none is a
    # good guess; that they are right is recomputed in test_notebook_NN.py
    **{"01": "BBA", "02": "BCD", "03": "CAD", "04": "DBA", "05": "DCA"},
    **{"06": "DCA", "07": "ACB", "08": "BDC", "09": "ADC", "10": "BDA", "11": "BCD"},
}
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(params=PATHS or [None], ids=lambda path: path.stem if path else "none")
def path(request):
    if request.param is None:
        pytest.skip("there are no notebooks yet")
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def text_of(output):
    """The text that a reader sees: a stream, or a result that is shown as nothing better than text."""
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return data.get("text/plain", "") if set(data) <= {"text/plain", "text/latex"} else ""


def test_valid(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"


def test_executed_from_top_to_bottom(notebook):
    """A cell that was cleared passes nbval unseen, so it must not be committed."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks` before the commit"


def test_no_errors_no_stderr_no_warnings(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", f"{cell.source}\nwrote to stderr: {output.text}"
            assert not re.search(r"\w*Warning:", text_of(output)), cell.source


def test_no_bare_objects_printed(notebook):
    for output in outputs(notebook):
        assert not re.search(r"^\W*<(matplotlib|Axes|Figure)|^\W*Text\(", text_of(output)), text_of(output)


def test_no_widget_state(path, notebook):
    assert "widgets" not in notebook.metadata
    assert not any(WIDGET in output.get("data", {}) for output in outputs(notebook)), "run `make notebooks`"
    pages = [output.get("data", {}).get("text/html", "") for output in outputs(notebook)]
    assert not any("data-nnlib-panel" in page for page in pages), "the mark of a live panel: run `make notebooks`"


def test_size(path):
    assert path.stat().st_size < 1_500_000


def test_cells_are_short(notebook):
    for cell in code_cells(notebook):
        limit = 12 if parts.slide_type(cell) in ON_SLIDE else 20
        assert len(cell.source.splitlines()) <= limit, f"more than {limit} lines:\n{cell.source}"


def test_slides(notebook):
    """A cell that goes on with its page has no slide_type: a living slide mode takes "-" literally, and hides it."""
    for cell in notebook.cells:
        assert parts.slide_type(cell) in ON_SLIDE | {"skip", "notes"}, f"an unknown slide_type:\n{cell.source}"
        assert cell.metadata.get("slideshow", {}).get("slide_type") != "-", f"no key for this:\n{cell.source}"
    assert 12 <= sum(parts.slide_type(cell) == "slide" for cell in notebook.cells) <= 16


def test_exercises(notebook):
    """A stub is followed by its check, and the check by the solution, whose output nbval compares."""
    cells = notebook.cells
    stubs = [index for index, cell in enumerate(cells) if "exercise" in tags(cell)]
    for index in stubs:
        stub, check, *rest = cells[index : index + 6]
        assert "check" in tags(check), f"no check cell after:\n{stub.source}"
        solution = []
        for cell in rest:
            if "solution" not in tags(cell):
                break
            solution.append(cell)
        code = [cell for cell in solution if cell.cell_type == "code"]
        assert code, f"no solution after the check of:\n{stub.source}"
        for cell in solution:  # folded, and once: a text that is hidden besides shows its tags
            hidden = bool(cell.metadata.get("jupyter", {}).get("source_hidden"))
            folds = cell.source.startswith("<details>")
            assert (folds, hidden) == (cell.cell_type == "markdown", cell.cell_type == "code"), cell.source
        compared = [cell for cell in code if "nbval-check-output" in tags(cell)]
        assert any(cell.outputs for cell in compared), f"no solution output is compared:\n{code[-1].source}"


def test_predictions(path, notebook):
    """Three; the answer is folded, and tells every option what it was mistaken in."""
    found = parts.predictions(notebook)
    assert "".join(one.right for one in found) == RIGHT[path.stem[:2]]
    for one in found:
        assert one.answer.source.startswith("<details>")
        assert re.findall(r"^- If you chose ([A-D]), you ", one.answer.source, re.MULTILINE) == list("ABCD")


def test_a_lecture_has_50_minutes(notebook):
    lectures = [0]
    for cell in notebook.cells:
        if cell.source.startswith("# Second half"):
            lectures.append(0)
        lectures[-1] += sum(map(int, re.findall(r"For the lecturer, (\d+) min", cell.source)))
    assert lectures == [50] * len(lectures)


def test_equations_are_numbered_in_order_and_cited_ones_exist(path, notebook):
    text, number = "\n".join(cell.source for cell in notebook.cells), int(path.stem[:2])
    tags = re.findall(rf"\\tag\{{({number}\.\d+a?)\}}", text)
    own = [tag for tag in tags if not tag.endswith("a")]  # (3.3a) stands between (3.3) and (3.4)
    assert own == [f"{number}.{k}" for k in range(1, len(own) + 1)]
    assert set(re.findall(rf"\(({number}\.\d+a?)\)", text)) <= set(tags)


def test_readme_lists_it_with_its_minutes(path, notebook):
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    (minutes,) = re.findall(rf"^\| \[.*\]\(notebooks/{path.name}\) \| (\d+) \|", readme, re.MULTILINE)
    assert f"about {minutes} minutes alone" in notebook.cells[0].source


def test_links(path, notebook):
    """Every file that a text cell points to exists, and the notebooks before and after are linked."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    targets = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"(?:src|href)=[\"']([^\"']+)", text)
    files = {target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)}
    missing = sorted(name for name in files if not (FOLDER / name).exists())
    assert not missing
    place = PATHS.index(path)
    neighbours = PATHS[max(place - 1, 0) : place + 2]
    assert {neighbour.name for neighbour in neighbours if neighbour != path} <= files


def test_no_path_tricks(notebook):
    assert not any("sys.path" in cell.source for cell in notebook.cells)


def test_no_figure_is_written(notebook):
    """Run All leaves the tree as it was: figures/ is written by `make figures`, from what the notebooks show."""
    for cell in code_cells(notebook):
        assert "figures/" not in cell.source, cell.source
