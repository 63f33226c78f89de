"""The copies for students, the assignments for graders and the quiz: made from the notebooks, and used."""

import contextlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import assignments
import nbformat
import parts
import pytest
import quiz
import student
from cells import bound, needed, used
from matplotlib import pyplot as plt
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])

QUESTION = """### Predict

How many?

- **A** One.
- **B** Two,
  or so.
- **C** Three.
- **D** None.

Write your letter."""


# Predictions


@pytest.mark.parametrize(
    "answer",
    [
        "Answer: **C**\n\nThree it is.\n\n- A is *too few*.\n- If you chose B or D, you thought of two.\n\nMore.",
        "**C.** Three it is.\n\n- A is *too few*.\n- B and D are wrong.",
        "**C**, Three it is.\n\n- If you chose **A**, you thought: few.\n- B: no.\n- D has no ground.",
        "<details><summary>Answer</summary>\n\n**C**. Three it is.\n\n- A is few.\n- B, no.\n- D, no.\n\n</details>",
        "<details><summary>Answer: C</summary>\n\nThree it is.\n\n- A is few.\n- B, no.\n- D, no.\n\n</details>",
        "<details><summary>The answer is <b>C</b></summary>\n\nThree it is.\n\n- A is few.\n- B, no.\n- D, no.",
    ],
)
def test_forms_of_an_answer(answer):
    cells = [new_markdown_cell("## 3 · A title"), new_markdown_cell(QUESTION), new_code_cell("1")]
    cells += [new_markdown_cell("A word before."), new_markdown_cell(answer), new_markdown_cell("**A** is first.")]
    (found,) = parts.predictions(new_notebook(cells=cells))
    assert (found.right, found.title, found.question) == ("C", "A title", "How many?")
    assert found.options == {"A": "One.", "B": "Two,\n  or so.", "C": "Three.", "D": "None."}
    assert set(found.reasons) == {"A", "B", "D"} and found.explanation.startswith("Three it is.")
    assert found.answer.source == answer


@pytest.mark.parametrize(
    "cells", [[QUESTION], [QUESTION, "C it is."], [QUESTION.replace("- **D** None.", ""), "**C**"]]
)
def test_a_prediction_without_answer_or_option(cells):
    with pytest.raises(ValueError, match="expected options A to D and an answer"):
        parts.predictions(new_notebook(cells=[new_markdown_cell(source) for source in cells]))


@every_notebook
def test_predictions(path):
    """Three or more in each notebook, four options each, a reason for each wrong one; none is missed."""
    notebook = parts.read(path)
    found = parts.predictions(notebook)
    assert len(found) >= 3
    letters = [parts.is_answer(cell) for cell in notebook.cells if re.search(r"\W*Answer\b", cell.source[:40])]
    assert all(letters)
    for one in found:
        assert set(one.reasons) | {one.right} == set("ABCD"), one.question
        assert one.title and one.question and one.explanation


# make student


@every_notebook
def test_student(path):
    """Nothing is given away, and no cell that stays needs one that went."""
    notebook = parts.read(path)
    predictions, exercises = parts.predictions(notebook), parts.exercises(notebook)
    hidden = [one.answer.source for one in predictions] + [c.source for one in exercises for c in one.solution]
    gone = [cell for one in exercises for cell in one.solution if cell.cell_type == "code"]
    copy = student.student(notebook)
    nbformat.validate(copy)
    text = "\n".join(cell.source for cell in copy.cells)
    assert hidden and not any(source in text for source in hidden)
    assert "For the lecturer" not in text
    assert sum(cell.source == student.PLACE for cell in copy.cells) == len(predictions)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in copy.cells)
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    lost = bound(gone) - bound(code)
    assert not lost & used(code)


def test_links_of_the_copies_lead_somewhere(tmp_path):
    student.main([*map(str, PATHS), "--output", str(tmp_path)])
    for path in tmp_path.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        links = {link for link in re.findall(r"\]\(([^)#\s]+)", prose) if not link.startswith("http")}
        assert "NOTATION.md" in links
        assert [link for link in links if not (tmp_path / link).is_file()] == []


def test_student_runs(tmp_path):
    """In a folder of its own, from top to bottom; its checks say that nothing is filled in."""
    student.main([str(PATHS[0]), "--output", str(tmp_path)])
    notebook = nbformat.read(tmp_path / PATHS[0].name, as_version=4)
    NotebookClient(notebook, kernel_name="python3", timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    checks = [cell for cell in notebook.cells if "check" in parts.tags(cell)]
    assert checks and all("Not filled in yet." in cell.outputs[0].text for cell in checks)


def test_an_edited_copy_stays(tmp_path, capsys):
    def make(text, **edits):
        for name, edit in edits.items():
            (tmp_path / f"{name}.txt").write_text(edit)
        parts.Folder(tmp_path).write("one.txt", text.encode())
        return {path.stem: path.read_text() for path in tmp_path.glob("*.txt")}, capsys.readouterr().out

    assert make("1") == ({"one": "1"}, "")
    assert make("2") == ({"one": "2"}, "")  # nobody edited it
    assert make("2", one="mine") == ({"one": "mine"}, "")  # nothing new
    files, said = make("3")
    assert (
        files == {"one": "mine", "one-new": "3"} and "one.txt was edited and stays; the new one is one-new.txt" in said
    )
    assert make("4")[0] == {"one": "mine", "one-new": "4"}
    assert make("5", **{"one-new": "mine too"})[0] == {"one": "mine", "one-new": "mine too", "one-new2": "5"}
    (tmp_path / ".checksums.json").unlink()
    assert make("6")[0] == {"one": "mine", "one-new": "mine too", "one-new2": "5", "one-new3": "6"}


# make assignments


def grade(cells, space):
    """Points that the tests among the cells give, run in order in a namespace."""
    points = 0
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            with contextlib.suppress(AssertionError):
                exec(cell.source, space)
                points += cell.metadata.nbgrader.points
        else:
            exec(cell.source, space)
    plt.close("all")  # a kernel closes the figures that its cells draw; this process would keep them
    return points


def without_solution(cell):
    source = re.sub(r"### BEGIN SOLUTION.*### END SOLUTION", "", cell.source, flags=re.DOTALL)
    return new_code_cell(source, metadata=cell.metadata)


@every_notebook
def test_nbgrader_points(path, tmp_path, monkeypatch):
    """The exported solutions get every point, the stubs none. Run are the exercises and what they need."""
    assignments.main([str(path), "--output", str(tmp_path)])
    monkeypatch.chdir(tmp_path / "nbgrader/source" / path.stem)
    notebook = nbformat.read(path.name, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    marked = [cell for cell in code if "nbgrader" in cell.metadata]
    identifiers = [cell.metadata.nbgrader.grade_id for cell in marked]
    assert len(set(identifiers)) == len(identifiers)
    tests = [cell for cell in marked if cell.metadata.nbgrader.grade]
    assert all(cell.metadata.nbgrader.locked and cell.source.startswith("assert nnlib.check(") for cell in tests)
    assert len(tests) == sum(len(one.questions) for one in parts.exercises(parts.read(path))) >= 3
    before = needed([cell for cell in code if "nbgrader" not in cell.metadata], used(marked) - bound(marked))
    space = {}
    assert grade(before, space) == 0
    assert grade([without_solution(cell) for cell in marked], space) == 0
    assert grade(marked, space) == len(tests)


@every_notebook
def test_otter_blocks(path):
    """Otter's marks open and close in order, and what a student gets of an exercise is the stub."""
    notebook = assignments.export(parts.read(path), assignments.otter)
    marks = [cell.source.splitlines()[0] for cell in notebook.cells if cell.cell_type == "raw"]
    block = [f"# {word} {what}" for what in ("SOLUTION", "TESTS") for word in ("BEGIN", "END")]
    exercises = parts.exercises(parts.read(path))
    assert marks == ["# BEGIN QUESTION", *block, "# END QUESTION"] * len(exercises)
    answers = [cell.source for cell in notebook.cells if "# BEGIN SOLUTION NO PROMPT" in cell.source]
    stubs = [
        re.sub(r"\n# BEGIN SOLUTION NO PROMPT\n.*\n# END SOLUTION$", "", text, flags=re.DOTALL) for text in answers
    ]
    assert stubs == [one.stub.source for one in exercises]


def test_a_check_of_something_without_a_name():
    stub, check = (
        new_code_cell("x = ...", metadata={"tags": ["exercise"]}),
        new_code_cell('nnlib.check("02.1 shape", x[0])'),
    )
    check.metadata.tags = ["check"]
    solution = new_code_cell('nnlib.check("02.1 shape", 3)', metadata={"tags": ["solution"]})
    (exercise,) = parts.exercises(new_notebook(cells=[stub, check, solution]))
    with pytest.raises(ValueError, match=r"checks x\[0\]; give it a name"):
        assignments.solution_code(exercise)


def test_a_question_without_solution():
    cells = [new_code_cell("x = ..."), new_code_cell('nnlib.check("02.1 shape", x)'), new_code_cell("y = 3")]
    for cell, tag in zip(cells, ["exercise", "check", "solution"]):
        cell.metadata.tags = [tag]
    with pytest.raises(ValueError, match=r"asked \['02.1 shape'\], solved \[\]"):
        parts.exercises(new_notebook(cells=cells))


needs = {
    name: pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")
    for name in ("nbgrader", "otter")
}


@needs["nbgrader"]
def test_nbgrader_itself(tmp_path, monkeypatch):
    from nbgrader.api import Gradebook

    name = PATHS[0].stem
    assignments.main([str(PATHS[0]), "--output", str(tmp_path)])
    monkeypatch.chdir(tmp_path / "nbgrader")
    run = [sys.executable, "-m", "nbgrader"]
    subprocess.run([*run, "generate_assignment", name], check=True)
    for who, version in (("solver", "source"), ("nobody", "release")):
        shutil.copytree(Path(version, name), Path("submitted", who, name))
    subprocess.run([*run, "autograde", name], check=True)
    with Gradebook("sqlite:///gradebook.db") as book:
        scores = {who: book.find_submission(name, who).score for who in ("solver", "nobody")}
        assert scores == {"solver": book.find_assignment(name).max_score, "nobody": 0} and scores["solver"] >= 3


@needs["otter"]
def test_otter_itself(tmp_path, monkeypatch):
    import otter.api

    assignments.main([str(PATHS[0]), "--output", str(tmp_path)])
    monkeypatch.chdir(tmp_path / "otter" / PATHS[0].stem)
    # Runs its own tests on the solution, and fails if one does.
    subprocess.run([sys.executable, "-m", "otter", "assign", PATHS[0].name, "dist"], check=True)
    (archive,) = Path("dist/autograder").glob("*.zip")
    scores = {}
    for version in ("autograder", "student"):
        monkeypatch.chdir(tmp_path / "otter" / PATHS[0].stem / "dist" / version)
        results = otter.api.grade_submission(PATHS[0].name, str(Path("../autograder", archive.name)), quiet=True)
        scores[version] = results.total / results.possible
    assert scores == {"autograder": 1, "student": 0}
    assert "_solution" not in Path(PATHS[0].name).read_text(encoding="utf-8")


# make quiz


def parse(text):
    """The questions of a GIFT file as Moodle reads them: title, text, and pairs of right or wrong and an option."""
    found = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("$CATEGORY:"):
            continue
        match = re.fullmatch(r"::(.+?)(?<!\\)::\[html\](.+?)(?<!\\)\{(.*)(?<!\\)\}", block, re.DOTALL)
        options = re.findall(r"(?<!\\)([=~])(.*?)(?=(?<!\\)[=~]|$)", match.group(3), re.DOTALL)
        sides = [(sign, *re.split(r"(?<!\\)#", option, maxsplit=1)) for sign, option in options]
        found.append((match.group(1), match.group(2), [tuple(map(plain, side)) for side in sides]))
    return found


def plain(text):
    """A text of a GIFT file, its backslashes taken off."""
    return re.sub(r"\\([\\~=#{}:n])", lambda match: match.group(1).replace("n", "\n"), text).strip()


def test_escape():
    text = r"A: $\frac{a}{b} = 1$ # ~x~ \nabla" + "\nsecond line"
    assert "\n" not in quiz.escape(text) and plain(quiz.escape(text)) == text


def test_quiz(tmp_path):
    quiz.main([*map(str, PATHS), "--output", str(tmp_path / "quiz.gift")])
    text = (tmp_path / "quiz.gift").read_text(encoding="utf-8")
    questions = parse(text)
    predictions = [one for path in PATHS for one in parts.predictions(parts.read(path))]
    assert len(questions) == len(predictions) >= 18 and text.count("$CATEGORY:") == len(PATHS)
    assert len({title for title, *_ in questions}) == len(questions)
    for (_, _, options), one in zip(questions, predictions):
        assert ["ABCD"[k] for k, (sign, *_) in enumerate(options) if sign == "="] == [one.right]
        assert [option for _, option, _ in options] == [quiz.html(text) for text in one.options.values()]
        assert all(feedback for *_, feedback in options)  # why somebody chooses it, and why it is wrong
    assert not re.search(r"(?<!\$)\$(?!\$|CATEGORY)", text)  # every formula is in \( \) or $$ $$
