"""The predictions of the notebooks as a question bank in Moodle's GIFT format."""

import argparse
import re
from pathlib import Path

import parts
from nbconvert.filters import markdown2html


def html(text):
    """Markdown as HTML on one line, with formulas as Moodle's filter finds them: \\( \\) and $$ $$."""
    page = re.sub(r"(?<![\\$])\$(?!\$)([^$]+?)\$(?!\$)", r"\\(\1\\)", markdown2html(text.strip()))
    page = re.sub(r"^<p>(.*)</p>$", r"\1", page.strip(), flags=re.DOTALL) if page.count("<p>") == 1 else page.strip()
    return page


def escape(text):
    """GIFT's own signs take a backslash, a line break is \\n."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", r"\n")


def gift(path):
    """The questions of the notebook at path, as GIFT."""
    lines = [f"$CATEGORY: nnlib/{path.stem}", ""]
    for number, one in enumerate(parts.predictions(parts.read(path)), 1):
        lines.append(
            f"::{escape(f'{path.stem[:2]} prediction {number}: {one.title}')}::[html]{escape(html(one.question))} {{"
        )
        for letter, text in one.options.items():
            reason = one.explanation if letter == one.right else one.reasons.get(letter, "")
            feedback = f" #{escape(html(reason))}" if reason else ""
            lines.append(f"\t{'=' if letter == one.right else '~'}{escape(html(text))}{feedback}")
        lines += ["}", ""]
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--output", type=Path, default=Path("build/quiz.gift"))
    options = parser.parse_args(arguments)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text("\n".join(gift(path) for path in options.notebooks), encoding="utf-8")


if __name__ == "__main__":
    main()
