"""Sentences and formulas as HTML with MathML: no script and no font is needed to read them."""

import re
from functools import cache
from html import escape

import sympy as sp
from latex2mathml.converter import convert

from dufm.theory.proof.typeset import typeset

# What `typeset` makes of a sentence: formulas between dollars, code, other characters.
PARTS = re.compile(
    r"(?<!\\)\$(?P<math>.*?)(?<!\\)\$"
    r"|\\texttt\{(?P<code>(?:\\.|[^{}\\])*)\}"
    r"|(?P<text>(?:(?!\\texttt\{)(?:\\.|[^$\\]))+)",
    re.DOTALL,
)
# Characters that LaTeX has by name, kept apart from its own backslashes until the end.
NAMED = {"\\textbackslash{}": "\ue000", "\\textasciicircum{}": "\ue001", "\\textasciitilde{}": "\ue002"}
# A formula of more characters may be cut.
LONG = 24
TOKENS = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
OPENING, CLOSING = {"{", "(", "[", "\\{", "\\langle", "\\begin"}, {"}", ")", "]", "\\}", "\\rangle", "\\end"}
RELATIONS = {"=", "<", ">", "\\le", "\\ge", "\\leq", "\\geq", "\\ne", "\\to", "\\sim"}
CHARACTERS = str.maketrans({"\ue000": "\\", "\ue001": "^", "\ue002": "~"})


@cache
def sentence(text: str) -> str:
    """A sentence of the project's plain characters (phi_L(C Lambda), K >= 3) as HTML."""
    latex, out = typeset(text), ""
    for name, character in NAMED.items():
        latex = latex.replace(name, character)
    for found in PARTS.finditer(latex):
        if found["math"] is not None:
            out += "".join(_math(piece, False) for piece in _pieces(found["math"].translate(CHARACTERS)))
        elif found["code"] is not None:
            out += f"<code>{_plain(found['code'])}</code>"
        else:
            out += _plain(found["text"])
    return out


def formula(relation: object) -> str:
    """A SymPy relation as a displayed formula."""
    return _math(sp.latex(relation), True)


def _pieces(latex: str) -> list[str]:
    """A long formula cut before its relations, for browsers break lines between formulas only."""
    if len(latex) < LONG:
        return [latex]
    found, depth = [""], 0
    for token in TOKENS.findall(latex):
        depth += (token in OPENING) - (token in CLOSING)
        if depth == 0 and token in RELATIONS and found[-1].strip():
            found.append("")
        found[-1] += token
    return found


@cache
def _math(latex: str, display: bool) -> str:
    found = convert(latex, display="block" if display else "inline")
    # In HTML the namespace is known.
    return found.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "", 1)


def _plain(latex: str) -> str:
    """Text without what LaTeX needs around reserved characters."""
    text = re.sub(r"\$(.*?)\$", r"\1", latex).replace("\\ast", "*")
    return escape(re.sub(r"\\(.)", r"\1", text).translate(CHARACTERS), quote=False)
