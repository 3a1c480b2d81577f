"""Print how many lines of code each part of `ant_cli` has: lines with a token that is no comment or docstring."""

from __future__ import annotations

import ast
import tokenize
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "ant_cli"
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_lines(path: Path) -> int:
    """Return the number of lines of code in a file."""
    texts = set[int]()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            texts.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = set[int]()
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type not in LAYOUT:
                lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - texts)


def main() -> None:
    """Print the figures, the largest part first."""
    parts = Counter[str]()
    for path in PACKAGE.rglob("*.py"):
        parts[path.relative_to(PACKAGE).parts[0]] += code_lines(path)
    for part, count in parts.most_common():
        print(f"{count:7,} {part}")
    print(f"{parts.total():7,} lines of code")


if __name__ == "__main__":
    main()
