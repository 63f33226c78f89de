"""The notebooks as assignments for nbgrader and for Otter Assign, from their cells tagged exercise, check and solution.

Every question of a check cell becomes a test of its own, worth one point. The students' versions are made by the two
graders themselves: `nbgrader generate_assignment 01_data_loading`, `otter assign 01_data_loading.ipynb dist`.
"""

import argparse
import ast
from pathlib import Path

import parts
import student
from nbformat.v4 import new_code_cell, new_output, new_raw_cell

NBGRADER_CONFIG = """# nbgrader, run in this folder, knows these assignments.
c = get_config()
c.CourseDirectory.course_id = "nnlib"
c.ExecutePreprocessor.timeout = 300  # seconds that one cell may take
c.ClearSolutions.code_stub = {"python": "# Replace every ... above by your answer."}
"""


def solution_code(exercise):
    """What the solution's cells compute, without their checks, and then its answers under the names that the check
    cell uses. Raises ValueError where the check cell checks something that has no name."""
    lines = []
    for cell in exercise.solution:
        if cell.cell_type == "code":
            source, drop = cell.source.splitlines(), {0} if cell.source.startswith("# Solution\n") else set()
            for node in ast.parse(cell.source).body:
                call = ast.unparse(node) if isinstance(node, ast.Expr) else ""
                if call.startswith("nnlib.check(") or call.startswith("print('the solution gives:'"):
                    drop |= set(range(node.lineno - 1, node.end_lineno))
            lines += [line for i, line in enumerate(source) if i not in drop]
    pairs = [(name, answer) for name, answer in exercise.questions.values() if name != answer]
    for name, _ in pairs:
        if not isinstance(ast.parse(name, mode="eval").body, ast.Name):
            raise ValueError(f"exercise {exercise.name}: the check cell checks {name}; give it a name in the stub")
    if pairs:  # all at once, since one answer may be computed from another's name
        names, answers = zip(*pairs)
        answers = ", ".join(f"({answer})" if "\n" in answer else answer for answer in answers)
        lines.append(f"{', '.join(names)} = {answers}")
    return "\n".join(lines).strip()


def tests(exercise):
    """For each question its name and the line that fails if the answer is wrong."""
    source = exercise.check.source
    lines = [ast.get_source_segment(source, node) for node in ast.parse(source).body]
    return {parts.calls(line)[0][0]: f"assert {line}" for line in lines if line.startswith("nnlib.check(")}


def identifier(name):
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def nbgrader(exercise):
    """The cells of an exercise, for nbgrader."""

    def cell(source, name, **metadata):
        metadata = {"grade_id": identifier(name), "schema_version": 3, "task": False} | metadata
        return new_code_cell(source, metadata={"nbgrader": metadata})

    answer = f"{exercise.stub.source}\n### BEGIN SOLUTION\n{solution_code(exercise)}\n### END SOLUTION"
    yield cell(answer, f"exercise {exercise.name}", grade=False, solution=True, locked=False)
    for name, test in tests(exercise).items():
        yield cell(test, f"question {name}", grade=True, solution=False, locked=True, points=1)


def otter(exercise):
    """The cells of an exercise, for Otter Assign."""
    yield new_raw_cell(f"# BEGIN QUESTION\nname: q{identifier(exercise.name)}\npoints:\n  each: 1")
    answer = f"{exercise.stub.source}\n# BEGIN SOLUTION NO PROMPT\n{solution_code(exercise)}\n# END SOLUTION"
    yield from (new_raw_cell("# BEGIN SOLUTION"), new_code_cell(answer), new_raw_cell("# END SOLUTION"))
    yield new_raw_cell("# BEGIN TESTS")
    for test in tests(exercise).values():  # what it prints is what Otter expects
        yield new_code_cell(test, outputs=[new_output("stream", name="stdout", text="Right.\n")])
    yield from (new_raw_cell("# END TESTS"), new_raw_cell("# END QUESTION"))


def export(notebook, form):
    """The notebook with the cells that `form` makes of every exercise, and what else students get."""
    made = {id(exercise.stub): list(form(exercise)) for exercise in parts.exercises(notebook)}
    cells = []
    for cell in student.student(notebook).cells:
        if id(cell) in made:
            cells += made[id(cell)]
        elif "check" not in parts.tags(cell):
            cells.append(cell)
    notebook.cells = cells
    return notebook


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--output", type=Path, default=Path("build/assignments"), help="gets a folder for each grader")
    options = parser.parse_args(arguments)
    folder = parts.Folder(options.output)
    folder.write("nbgrader/nbgrader_config.py", NBGRADER_CONFIG.encode())
    for path in options.notebooks:
        for form, place in ((nbgrader, f"nbgrader/source/{path.stem}/"), (otter, f"otter/{path.stem}/")):
            notebook = export(parts.read(path), form)
            if form is otter:
                notebook.cells.insert(0, new_raw_cell(f"# ASSIGNMENT CONFIG\nname: {path.stem}\nfiles:\n  - data"))
            parts.move_data(notebook, folder, place)
            folder.notebook(place + path.name, notebook)


if __name__ == "__main__":
    main()
