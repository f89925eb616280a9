"""Sentences with mathematics in plain characters, as LaTeX: phi_L(C Lambda), K >= 3, ||W_1||^2, sigma_i^(2/p).

Words are what is not mathematics: names of several letters that are no Greek letter, function or index. A stretch of
symbols between words becomes one formula; parentheses belong to it if no word stands in them. Nothing is added to a
sentence and nothing taken away but the signs that sub- and superscripts, roots and angle brackets are made of.
"""

import re

GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi psi omega ell "
    "Gamma Delta Theta Lambda Sigma Phi Psi Omega".split()
)
SYMBOLS = {name: f"\\{name}" for name in GREEK} | {"eps": "\\varepsilon", "infinity": "\\infty", "grad": "\\nabla"}
FUNCTIONS = {name: f"\\{name}" for name in ("log", "ln", "exp", "sin", "cos", "det", "max", "min")}
FUNCTIONS |= {name: f"\\operatorname{{{name}}}" for name in ("tr", "trace")}
LARGE = {"sum": "\\sum", "prod": "\\prod"}
OPERATORS = {c: c for c in "|=<>+-/[](),;'!:"} | {"{": "\\{", "}": "\\}", "*": "\\cdot", "~": "^{\\sim}", "||": "\\|"}
OPERATORS |= {"<->": "\\leftrightarrow", "->": "\\to", "<=": "\\le", ">=": "\\ge", "!=": "\\ne"}
OPERATORS |= {"...": "\\dots", "+-": "\\pm"}
ESCAPED = {
    **{"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"},
    **{c: f"\\{c}" for c in "{}_%&#$"},
    **{c: f"${c}$" for c in "<>|+="},
    "*": r"$\ast$",
}
TOKEN = re.compile(r"`[^`]*`|\s+|\d+(?:\.\d+)?|[A-Za-z]+|<->|->|<=|>=|\.\.\.|\|\||\*\*|!=|\+-|.")
RELATIONS = {"=", "<", ">", "+", "-", *(OPERATORS[name] for name in ("<=", ">=", "->", "<->", "!=")), "\\sim"}
OPENING, CLOSING = {"(": ")", "[": "]", "{": "}"}, set(")]}")
COMPARING = {"=", "<", ">", "<=", ">=", "!=", "->"}
BINDING = COMPARING | {"+", "-", "*", "/"}
# After these no noun follows, so that the letter before them is a symbol and no article.
NO_NOUN = set("the is be at on and or of for in as by from with to are has does it beside that below".split())
# Before these a sum is a word, not a sign.
THE = set("log the a half whose direct weighted its their this second no".split())


def typeset(sentence: str) -> str:
    """A sentence as LaTeX, mathematics between dollars; needs amsmath."""
    tokens = TOKEN.findall(_angles(sentence))
    kinds = _kinds(tokens)
    out, start = "", 0
    while start < len(tokens):
        if kinds[start] != "m":
            out += _prose(tokens[start])
            start += 1
            continue
        end = start + 1
        while end < len(tokens) and kinds[end] == "m":
            end += 1
        out += f"${_formula(tokens[start:end])}$"
        start = end
    return out


def _angles(text: str) -> str:
    """Inner products <u, v> with angle brackets of their own characters."""
    return re.sub(r"(?<![<=-])<(?![\s=-])([^<>=]*?,[^<>=]*?[^\s<>-])>(?!=)", "\u27e8\\1\u27e9", text)


def _prose(token: str) -> str:
    if token.startswith("`") and token.endswith("`") and len(token) > 1:
        return "\\texttt{" + _prose(token[1:-1]) + "}"
    return "".join(ESCAPED.get(c, c) for c in token)


def _kinds(tokens: list[str]) -> list[str]:
    """For each token "m" (mathematics) or "w" (words)."""
    kinds = [_own(tokens, i) for i in range(len(tokens))]
    _enclosures(tokens, kinds)
    # Numbers, and what only binds, follow their neighbours.
    for i, token in enumerate(tokens):
        if kinds[i] == "?" and token == "-":
            kinds[i] = _dash(tokens, kinds, i)
        elif kinds[i] == "?" and token == "/":
            sides = {_beside(tokens, kinds, i, step) for step in (-1, 1)}
            bound = "m" in sides or kinds[i - 1 : i + 2] == ["n", "?", "n"]
            kinds[i] = "m" if bound and sides <= set("mn") else "w"
        elif kinds[i] == "?" and token in "'!~":
            if token == "~" and kinds[i - 1 : i + 2] == [" ", "?", " "]:
                kinds[i] = "m"
                continue
            possessive = token == "'" and tokens[i + 1 : i + 2] == ["s"]
            kinds[i] = "m" if i and kinds[i - 1] in "mn" and not possessive else "w"
    for order in (range(len(tokens)), reversed(range(len(tokens)))):
        for i in order:
            if kinds[i] == "n" and any(_beside(tokens, kinds, i, step) == "m" for step in (-1, 1)):
                kinds[i] = "m"
    kinds = ["w" if kind in "n?" else kind for kind in kinds]
    for i, kind in enumerate(kinds):
        if kind == " ":
            kinds[i] = "m" if 0 < i < len(kinds) - 1 and kinds[i - 1] == "m" == kinds[i + 1] else "w"
    return kinds


def _own(tokens: list[str], i: int) -> str:
    """What a token is by itself and its neighbours: "m", "w", " ", "n" for a number, "?" for what others decide."""
    token = tokens[i]
    before, after = tokens[i - 1] if i else "", tokens[i + 1] if i + 1 < len(tokens) else ""
    if token.isspace():
        return " "
    if before in ("_", "^"):
        return "m" if token not in OPENING else "?"
    if token[0].isdigit():
        named = before[:1].isalpha() and len(before) > 1 and before not in {*SYMBOLS, *FUNCTIONS}
        return "w" if named else "n"
    if token[0].isalpha() and token.isascii():
        return _name(tokens, i, before, after)
    if token in tuple('.,:;?"&%#$@\\') or token.startswith("`"):
        return "w"
    if token in ("-", "/", "'", "!", "~", *OPENING, *CLOSING):
        return "?"
    return "m"


def _name(tokens: list[str], i: int, before: str, after: str) -> str:
    token = tokens[i]
    word = tokens[i + 2] if after == " " and i + 2 < len(tokens) else ""
    if before == "'" and token == "s":
        return "w"
    if before == "-" and i > 1 and tokens[i - 2][0].isalpha() and len(token) > 1 and token not in SYMBOLS:
        return "w"
    if token in ("a", "A"):
        noun = len(word) > 1 and word.isalpha() and word not in {*SYMBOLS, *FUNCTIONS, *NO_NOUN} or word.isdigit()
        # A p-subset, a K x K matrix.
        rest = tokens[i + 3 : i + 5]
        noun = noun or (len(rest) == 2 and (rest[0] == "-" and len(rest[1]) > 1 or rest[1] == "x"))
        earlier = tokens[i - 2] if i > 1 else "."
        begins = earlier in (".", ":", ";", "?") if token == "A" else not _symbol(earlier)
        return "w" if noun and begins else "m"
    if token in LARGE:
        earlier = tokens[i - 2] if i > 1 else ""
        following = word if after == " " else after
        symbol = len(following) == 1 and following not in ",.:;)" or following in {**SYMBOLS, **FUNCTIONS, "||": ""}
        return "m" if symbol and earlier.lower() not in THE or after in ("_", "|") else "w"
    if len(token) == 1 or token in SYMBOLS or after in ("_", "^") and token != "x":
        return "m"
    if token in FUNCTIONS or token == "sqrt":
        argument = word if after == " " else after
        if token == "trace" and argument != "(":
            return "w"
        return "m" if argument[:1].isdigit() or argument in ("(", "|", "||", "det") or _symbol(argument) else "w"
    if token == "CE" and (after in ("'", "/") or i > 1 and tokens[i - 2] == "grad"):
        return "m"
    return "m" if after == "(" and token in ("relu", "CE", "diag", "eig", "ceil") else "w"


def _symbol(token: str) -> bool:
    return token in SYMBOLS or (len(token) == 1 and token.isalpha() and token.isascii() and token != "a")


def _enclosures(tokens: list[str], kinds: list[str]) -> None:
    """Parentheses are mathematics where no word stands in them, and so are the commas within; else they are words."""
    stack: list[int] = []
    for i, token in enumerate(tokens):
        if token in OPENING:
            stack.append(i)
        elif token in CLOSING and stack and OPENING[tokens[stack[-1]]] == token:
            start = stack.pop()
            inside = range(start + 1, i)
            before = tokens[start - 1] if start else ""
            wordless = all(kinds[j] != "w" or tokens[j] in (",", ";") for j in inside)
            signs = any(kinds[j] == "m" or tokens[j] in ("-", "/") for j in inside) or tokens[start] == "{"
            aside = token == ")" and before == " " and _compares(tokens[start + 1 : i])
            bound = start > 0 and (kinds[start - 1] == "m" or before == "'")
            if before in ("_", "^") or (wordless and (signs or bound) and not aside):
                for j in (start, *inside, i):
                    kinds[j] = "m"
            else:
                kinds[start] = kinds[i] = "w"
    for j in stack:
        kinds[j] = "w"
    for i, token in enumerate(tokens):
        if kinds[i] == "?" and token in CLOSING:
            kinds[i] = "w"
    depth = 0
    for i, token in enumerate(tokens):
        depth += (token == "\u27e8") - (token == "\u27e9")
        if depth:
            kinds[i] = "m"


def _compares(tokens: list[str]) -> bool:
    """Whether a relation stands among the tokens, outside their own brackets."""
    depth = 0
    for token in tokens:
        depth += (token in OPENING) - (token in CLOSING)
        if depth == 0 and token in COMPARING:
            return True
    return False


def _dash(tokens: list[str], kinds: list[str], i: int) -> str:
    before = kinds[i - 1] if i else " "
    after = kinds[i + 1] if i + 1 < len(tokens) else " "
    if before == after == " ":
        return "m"
    if before in "mn" and after in "mn":
        return "m"
    return "m" if before in " w" and after in "mn" and not (i and tokens[i - 1].isalpha()) else "w"


def _beside(tokens: list[str], kinds: list[str], i: int, step: int) -> str:
    j = i + step
    if 0 <= j < len(kinds) and kinds[j] == " ":
        j += step
    return kinds[j] if 0 <= j < len(kinds) else ""


def _formula(tokens: list[str]) -> str:
    out, piece, i = "", "", 0
    while i < len(tokens):
        if tokens[i].isspace():
            after = "".join(tokens[i + 1 : i + 2])
            # What stands apart must not become one number, nor part of a denominator.
            divided = re.search(r"/[^/(){}, ]+$", out) and after not in BINDING
            if _ends(out) and (after[:1].isdigit() or divided):
                out += "\\,"
            i += 1
            continue
        last, (piece, i) = piece, _piece(tokens, i)
        if last[:1] == "^" and piece[0] in "^'":
            out += "{}"
        if piece in RELATIONS:
            out += f" {piece} "
        else:
            out += f" {piece}" if re.search(r"\\[A-Za-z]+$", out) and piece[0].isalpha() else piece
    return out.strip()


def _ends(out: str) -> bool:
    """Whether a formula so far ends with an operand."""
    return out[-1:].isalnum() or out[-1:] in tuple("})]|")


def _piece(tokens: list[str], i: int) -> tuple[str, int]:
    """One symbol, or one script or root with what belongs to it; and where the next begins."""
    token, after = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else ""
    if token in ("_", "^", "**") and after and not after.isspace():
        body, end = _argument(tokens, i + 1)
        return f"{'^' if token != '_' else '_'}{{{body}}}", end
    if token == "sqrt" and after:
        body, end = _argument(tokens, i + 1 + after.isspace())
        return f"\\sqrt{{{body}}}", end
    if token in SYMBOLS or token in FUNCTIONS or token in LARGE:
        return (SYMBOLS | FUNCTIONS | LARGE)[token], i + 1
    if token == "*" and i and not tokens[i - 1].isspace() and not (after[:1].isalnum() or after in ("(", "|", "||")):
        return _marked("*", tokens, i)
    if token == "+" and i and tokens[i - 1][-1:].isalpha() and (not after or after.isspace() or after in ")]^,"):
        return _marked("+", tokens, i)
    if token in ("\u27e8", "\u27e9"):
        return "\\langle" if token == "\u27e8" else "\\rangle", i + 1
    if token[0].isalpha() and len(token) > 1:
        return f"\\operatorname{{{token}}}", i + 1
    if token[0].isdigit() and i and tokens[i - 1].isalpha() and tokens[i - 2 : i - 1] not in (["_"], ["^"]):
        return f"_{{{token}}}", i + 1
    if token == "~" and i and tokens[i - 1].isspace():
        return "\\sim", i + 1
    if token == "x" and _times(tokens, i):
        return "\\times", i + 1
    if token[0].isalnum():
        return token, i + 1
    return OPERATORS.get(token, _prose(token)), i + 1


def _times(tokens: list[str], i: int) -> bool:
    """Whether an x counts rows by columns, as in K x K: between two letters or digits and nothing else."""
    around = [tokens[j] if 0 <= j < len(tokens) else "" for j in (i - 3, i - 2, i - 1, i + 1, i + 2, i + 3)]
    apart = around[2] == around[3] == " " and {around[0], around[5]} <= {"", "(", ")"}
    return apart and all(len(token) == 1 and token.isalnum() for token in (around[1], around[4]))


def _marked(mark: str, tokens: list[str], i: int) -> tuple[str, int]:
    """A mark behind a letter, x* or G+, with the power that may follow it."""
    if tokens[i + 1 : i + 2] == ["^"]:
        body, end = _argument(tokens, i + 2)
        return f"^{{{mark} {body}}}", end
    return f"^{{{mark}}}", i + 1


def _argument(tokens: list[str], i: int) -> tuple[str, int]:
    """What a script or a root applies to: a group without its parentheses, or one name, number or sign."""
    if i >= len(tokens):
        return "", i
    if tokens[i] in OPENING:
        depth = 0
        for end in range(i, len(tokens)):
            depth += (tokens[end] in OPENING) - (tokens[end] in CLOSING)
            if depth == 0:
                return _formula(tokens[i + 1 : end]), end + 1
        return _formula(tokens[i + 1 :]), len(tokens)
    token = tokens[i]
    if token[0].isdigit() and i + 1 < len(tokens) and len(tokens[i + 1]) == 1 and tokens[i + 1].isalpha():
        return token, i + 1
    if token.isalpha() and token.isascii() and len(token) == 2 and token.islower() and token not in {"op", *SYMBOLS}:
        return token, i + 1
    if token.isalpha() and token.isascii() and len(token) > 1 and token not in SYMBOLS:
        return f"\\mathrm{{{token}}}", i + 1
    return (SYMBOLS | {"*": "*"}).get(token, OPERATORS.get(token, token)), i + 1
