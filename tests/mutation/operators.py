"""False changes of a source file: each one edit of one number, sign, comparison, power or function name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
OTHER_COMPARISON = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
}
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
OTHER_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "**": "*"}
# Relations and reductions by name, whatever module they are taken from.
OTHER_NAME = {
    "Le": "Ge",
    "Ge": "Le",
    "Lt": "Gt",
    "Gt": "Lt",
    "Eq": "Ne",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
}


@dataclass(frozen=True)
class Mutant:
    """One false change.

    Attributes:
        file: path in the repository.
        old, new: what is replaced by what; `old` is the whole line for a generated mutant, unique text otherwise.
        line: where, counted from 1.
        why: what makes it false, in words.
        first: who is asked first, "derive: NAMES" or "test: FILE -k WORDS"; "" for the imports to say.
    """

    file: str
    old: str
    new: str
    line: int
    why: str
    first: str = ""

    def applied(self, source: str) -> str:
        """The source with the change.

        Raises:
            ValueError: if the text is not there, or not once where no line says which is meant.
        """
        if not self.line:
            if source.count(self.old) != 1:
                raise ValueError(f"{self.file}: {self.old!r} stands there {source.count(self.old)} times, not once")
            return source.replace(self.old, self.new)
        lines = source.splitlines(keepends=True)
        if self.line > len(lines) or lines[self.line - 1].rstrip("\n") != self.old:
            raise ValueError(f"{self.file}:{self.line} is not {self.old!r}")
        lines[self.line - 1] = self.new + "\n"
        return "".join(lines)


def mutants(file: str, source: str) -> list[Mutant]:
    """Every change that the operators make in one file, in the order of the text; annotations are left alone."""
    lines = source.splitlines()
    found = []
    for node, start, end, new, why in sorted(_edits(ast.parse(source), source), key=lambda edit: edit[1:3]):
        row, column = start
        if end[0] != row:
            continue
        raw = lines[row - 1].encode()
        changed = (raw[:column] + new.encode() + raw[end[1] :]).decode()
        if changed != lines[row - 1]:
            found.append(Mutant(file, lines[row - 1], changed, row, f"{ast.unparse(node)[:60]}: {why}"))
    return found


Edit = tuple[ast.AST, tuple[int, int], tuple[int, int], str, str]


def _edits(tree: ast.AST, source: str) -> Iterator[Edit]:
    skipped = {id(n) for part in ast.walk(tree) for n in _left_alone(part)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node, *_span(node), str(node.value + 1), f"{node.value} -> {node.value + 1}"
        elif isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for left, operator, right in zip(operands, node.ops, node.comparators, strict=False):
                old = COMPARISONS.get(type(operator), "")
                for new in OTHER_COMPARISON.get(old, ()):
                    yield from _between(node, left, right, old, new, source)
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            old = ARITHMETIC[type(node.op)]
            yield from _between(node, node.left, node.right, old, OTHER_ARITHMETIC[old], source)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            start = _span(node)[0]
            yield node, start, (start[0], start[1] + 1), "", "the sign is dropped"
        elif isinstance(node, ast.Call):
            name = node.func
            word = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else ""
            if word in OTHER_NAME:
                end = _span(name)[1]
                yield node, (end[0], end[1] - len(word)), end, OTHER_NAME[word], f"{word} -> {OTHER_NAME[word]}"


def _left_alone(node: ast.AST) -> Iterator[ast.AST]:
    """What a change of would be no false mathematics: annotations, indices and the texts inside f-strings."""
    parts: list[ast.AST | None] = []
    if isinstance(node, ast.AnnAssign):
        parts.append(node.annotation)
    elif isinstance(node, ast.FunctionDef):
        parts += [node.returns, *(a.annotation for a in (*node.args.args, *node.args.kwonlyargs))]
    elif isinstance(node, ast.JoinedStr):
        parts.append(node)
    for part in filter(None, parts):
        yield from ast.walk(part)


def _span(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
    at = node.lineno, node.col_offset  # pyright: ignore[reportAttributeAccessIssue]
    return at, (node.end_lineno, node.end_col_offset)  # pyright: ignore[reportAttributeAccessIssue]


def _between(node: ast.AST, left: ast.AST, right: ast.AST, old: str, new: str, source: str) -> Iterator[Edit]:
    """The operator between two operands on one line."""
    (row, start), (end_row, end) = _span(left)[1], _span(right)[0]
    if row != end_row:
        return
    text = source.splitlines()[row - 1].encode()[start:end].decode()
    at = text.find(old)
    if at >= 0:
        begin = start + len(text[:at].encode())
        yield node, (row, begin), (row, begin + len(old)), new, f"{old} -> {new}"
