"""Mathematics in sentences is typeset, words stay words, and no sign is lost on the way."""

import re

import pytest

from dufm.theory.derivations import DERIVATIONS
from dufm.theory.proof.typeset import typeset

CASES = {
    "So phi_L(C Lambda) < 1 for K >= 3.": r"So $\phi_{L}(C\Lambda) < 1$ for $K \ge 3$.",
    "||W_1||^2 <= C^(2/(L+1))": r"$\|W_{1}\|^{2} \le C^{2/(L + 1)}$",
    "a row w, a = 2 and A = a I; A row.": r"a row $w$, $a = 2$ and $A = aI$; A row.",
    "the r x K matrix, K x K": r"the $r\times K$ matrix, $K\times K$",
    "<w'', f_2> = 0, 1 < x < 2": r"$\langle w'',f_{2}\rangle = 0$, $1 < x < 2$",
    "at x*_L, G+ = F* and c*/(K-1)": r"at $x^{*}_{L}$, $G^{+} = F^{*}$ and $c^{*}/(K - 1)$",
    "the sum of squares, sum sigma_i^p, sqrt 3": r"the sum of squares, $\sum\sigma_{i}^{p}$, $\sqrt{3}$",
    "By AM-GM a p-subset is non-negative (L = 1, say).": r"By AM-GM a $p$-subset is non-negative ($L = 1$, say).",
    "1 1^T and h 2^(L-3)": r"$1\,1^{T}$ and $h\,2^{L - 3}$",
    "H^(-1/2)^2 = `rfm-rates`": r"$H^{- 1/2}{}^{2} =$ \texttt{rfm-rates}",
    "b ~ Bernoulli(1/n), V~ and +- e_i +-1": r"$b \sim$ Bernoulli$(1/n)$, $V^{\sim}$ and $\pm e_{i}\pm1$",
    "100 % of X*X^T & W's {2, 1}": r"100 \% of $X\cdot X^{T}$ \& $W$'s $\{2,1\}$",
}
BACK = {"le": "<=", "ge": ">=", "ne": "!=", "to": "->", "leftrightarrow": "<->", "dots": "...", "pm": "+-", "sim": "~"}
BACK |= {"cdot": "*", "ast": "*", "times": "x", "langle": "<", "rangle": ">", "infty": "infinity", "varepsilon": "eps"}
BACK |= {"nabla": "grad", "operatorname": "", "mathrm": "", "texttt": "", "textbackslash": "", "textasciicircum": ""}


@pytest.mark.parametrize("sentence", CASES)
def test_sentences(sentence: str) -> None:
    assert typeset(sentence) == CASES[sentence]


def plain(latex: str) -> str:
    """A typeset sentence read back, without spaces and signs that only group."""
    text = latex.replace(r"\|", "||").replace(r"\,", "")
    text = re.sub(r"\\([A-Za-z]+)", lambda m: BACK.get(m[1], m[1]), text)
    return bare(text)


def bare(text: str) -> str:
    return re.sub(r"[\s(){}$^_`\\]|\*\*", "", text)


@pytest.mark.parametrize("build", DERIVATIONS, ids=lambda build: build.__module__.rsplit(".")[-1])
def test_nothing_is_lost_or_added(build) -> None:
    derivation = build()
    for sentence in (derivation.title, derivation.source, derivation.states, *(s.words for s in derivation.steps)):
        latex = typeset(sentence)
        assert plain(latex) == bare(sentence)
        assert latex.count("$") % 2 == 0 and latex.count("{") == latex.count("}") and latex.isascii()
        # What is left outside of formulas are words, and no sign of mathematics is among them.
        assert not re.search(r"[_^=<>|]", re.sub(r"\$[^$]*\$|\\[_%&#$]", "", latex)), latex
