"""The parts of a notebook that the other tools take out or turn into something else, and files that nobody edited."""

import ast
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
PREDICT = re.compile(r"^#+ *Predict\b.*\n", re.MULTILINE)
OPTION = re.compile(r"^- \*\*([A-D])\*\*[.:]?\s*(.*(?:\n +\S.*)*)\n?", re.MULTILINE)
# "- A is ...", "- B and C are ...", "- If you chose **A**, you thought ..."
REASON = re.compile(r"^- (?:If you chose )?\**[A-D]\b\**(?:(?: and | or |, )\**[A-D]\b\**)*", re.MULTILINE)
# "Answer: **C**", "**C.** And ...", and both in a fold.
ANSWER = re.compile(r"\W*(?:(?:the )?answer\b(?: is)?[^\w*]*(?:\*\*|\b)|\*\*)([A-D])\b", re.IGNORECASE)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def slide_type(cell):
    """What the cell is on a slide; "-", which goes on with the page, where it says nothing."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def read(path):
    return nbformat.read(path, as_version=4)


@dataclass
class Prediction:
    title: str  # the nearest heading above that is not "Predict"
    question: str
    options: dict  # letter: text
    right: str  # its letter
    explanation: str
    reasons: dict  # letter: why somebody may have chosen it
    answer: object  # the cell


def predictions(notebook):
    """The predictions of a notebook, in order. Raises ValueError where one has not four options and one answer."""
    cells, found, heading = notebook.cells, [], ""
    places = [i for i, cell in enumerate(cells) if cell.cell_type == "markdown" and PREDICT.search(cell.source)]
    for i, end in zip(places, [*places[1:], len(cells)]):
        source = cells[i].source
        options = dict(OPTION.findall(source))
        answers = [cell for cell in cells[i + 1 : end] if is_answer(cell)]
        if list(options) != list("ABCD") or not answers:
            raise ValueError(f"expected options A to D and an answer in a later cell:\n{source}")
        heads = "\n".join(cell.source for cell in cells[: i + 1] if cell.cell_type == "markdown")
        heads = [head for head in re.findall(r"^#{1,3} +(.+)$", heads, re.MULTILINE) if not head.startswith("Predict")]
        heading = re.sub(r"^\d+ · ", "", heads[-1]) if heads else ""
        question = re.sub(r"^#+ .*\n|^Write your letter.*", "", OPTION.sub("", source), flags=re.MULTILINE)
        right, explanation, reasons = read_answer(answers[0].source)
        found.append(Prediction(heading, squeeze(question), options, right, explanation, reasons, answers[0]))
    return found


def is_answer(cell):
    """Whether a cell after a prediction gives its answer: it is tagged so, or begins with a letter in bold."""
    text = re.sub(r"<[^>]+>", "", cell.source)
    return cell.cell_type == "markdown" and ("answer" in tags(cell) or ANSWER.match(text) is not None)


def read_answer(source):
    """The letter, the explanation and the reasons by letter."""
    text = re.sub(r"<[^>]+>", "", source).strip()
    letter = ANSWER.match(text)
    if not letter:
        raise ValueError(f"which letter is right? Begin with it in bold:\n{source}")
    starts = [match.start() for match in REASON.finditer(text)]
    reasons = {}
    for start, end in zip(starts, [*starts[1:], len(text)]):
        item = re.split(r"\n\n(?! )", text[start:end])[0]
        head = REASON.match(item)
        for chosen in re.findall(r"\b[A-D]\b", head.group()):
            reasons.setdefault(chosen, squeeze(item[2:]))
    explanation = text[letter.end() : starts[0] if starts else len(text)]
    return letter.group(1).upper(), squeeze(re.sub(r"^[\s*.,:]+", "", explanation)), reasons


def squeeze(text):
    return re.sub(r"\n{3,}", "\n\n", text).strip()


@dataclass
class Exercise:
    name: str  # "02.1"
    stub: object  # three cells, or for the solution several
    check: object
    solution: list
    questions: dict  # name: (what the check cell checks, what the solution checks), as code


def exercises(notebook):
    """The exercises of a notebook, in order. Raises ValueError where a question has no check or no solution."""
    cells, found = notebook.cells, []
    stubs = [i for i, cell in enumerate(cells) if "exercise" in tags(cell)]
    for i, end in zip(stubs, [*stubs[1:], len(cells)]):
        checks = [cell for cell in cells[i + 1 : end] if "check" in tags(cell)]
        solution = [cell for cell in cells[i + 1 : end] if "solution" in tags(cell)]
        asked = {name: answer for cell in checks for name, answer in calls(cell.source)}
        solved = {name: answer for cell in solution if cell.cell_type == "code" for name, answer in calls(cell.source)}
        if len(checks) != 1 or not asked or set(asked) != set(solved):
            raise ValueError(f"asked {sorted(asked)}, solved {sorted(solved)} after the exercise\n{cells[i].source}")
        pairs = {name: (asked[name], solved[name]) for name in asked}
        found.append(Exercise(next(iter(asked)).split()[0], cells[i], checks[0], solution, pairs))
    return found


def calls(source):
    """What a cell gives to nnlib.check, in order: pairs of the question's name and the answer, as code."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found = [node for node in found if ast.unparse(node.func) == "nnlib.check"]
    found.sort(key=lambda node: node.lineno)
    return [(ast.literal_eval(node.args[0]), ast.get_source_segment(source, node.args[1])) for node in found]


class Folder:
    """A folder for copies that others edit: what was edited is never written over.

    The checksum of every file as it was written stands in `.checksums.json` beside them."""

    def __init__(self, folder):
        self.folder, self.list = Path(folder), Path(folder) / ".checksums.json"
        self.written = json.loads(self.list.read_text(encoding="utf-8")) if self.list.exists() else {}

    def write(self, name, data):
        """Write bytes to the file `name`, or where that was edited to NAME-new, and say so. Returns the file's name."""
        new, target = hashlib.sha256(data).hexdigest(), Path(name)
        if self.written.get(name) == new and (self.folder / name).exists():
            return name  # it is there as it would be, but for what somebody made of it
        number = 1
        while (self.folder / target).exists():
            old = hashlib.sha256((self.folder / target).read_bytes()).hexdigest()
            if old in (new, self.written.get(target.as_posix())):
                break
            target = Path(name).with_stem(f"{Path(name).stem}-new{number if number > 1 else ''}")
            number += 1
        if target.as_posix() != name:
            print(f"{self.folder / name} was edited and stays; the new one is {target.name}")
        (self.folder / target).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / target).write_bytes(data)
        self.written[target.as_posix()] = new
        self.list.write_text(json.dumps(self.written, indent=1, sort_keys=True), encoding="utf-8")
        return target.as_posix()

    def notebook(self, name, notebook):
        return self.write(name, (nbformat.writes(notebook) + "\n").encode())


def move_data(notebook, folder, below=""):
    """Let a notebook that leaves the project find data/ and NOTATION.md beside itself: copy them there."""
    for cell in notebook.cells:
        cell.source = re.sub(r"\.\./(data\b|NOTATION\.md)", r"\1", cell.source)
        cell.source = re.sub(r"\[([^]]*)\]\(\.\./README\.md[^)]*\)", r"\1", cell.source)  # it stays behind
    for path in [ROOT / "data/README.md", ROOT / "NOTATION.md", *sorted((ROOT / "data/samples").iterdir())]:
        folder.write(f"{below}{path.relative_to(ROOT).as_posix()}", path.read_bytes())
