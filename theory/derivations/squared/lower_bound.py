"""No configuration does better than phi_L(K^(2/p) Lambda); for L = 1 that is DNC's own loss."""

import sympy as sp

from dufm.theory.derivations.squared.lemmas import am_gm, distance_to_identity, product_norm, relu_contracts
from dufm.theory.proof.checks import all_of, identical, inference
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared.phi import objective

K, t, p, Lambda = sp.symbols("K t p Lambda", positive=True)


def lower_bound() -> Derivation:
    """OPT >= phi_L(K^(2/p) Lambda), with equality and DNC optimal at L = 1."""
    regulariser = p / 2 * sp.UnevaluatedExpr(Lambda**p * (K * t) ** 2) ** (1 / p)
    strength = K ** (2 / p) * Lambda
    return Derivation(
        name="lower-bound",
        title="A lower bound on the global minimum, tight for one layer",
        source="ours; the case L = 1 is classical",
        states="For every K >= 2 and L >= 1 no weights have loss below phi_L(K^(2/(L+1)) Lambda). At L = 1 this is "
        "phi_1(K Lambda), so DNC is optimal.",
        steps=(
            Step(
                "relu does not raise the Frobenius norm: ||F_l|| <= ||P_l|| <= ||W_(l-1)|| ||F_(l-1)||.",
                (),
                all_of(relu_contracts(), product_norm()),
                "relu",
            ),
            Step(
                "So the nuclear norm of the output, written ||Z||_* = K t, is at most ||W_L|| ||F_L|| <= ... <= "
                "prod_i ||theta_i||.",
                (),
                all_of(product_norm(), inference("inequalities chained over the layers", "relu")),
                "chain",
            ),
            Step(
                "By AM-GM the regulariser is at least (p/2) Lambda (prod ||theta_i||^2)^(1/p) >= (p/2) Lambda (K "
                "t)^(2/p).",
                (),
                all_of(
                    am_gm(),
                    inference("the product is at least (K t)^2", "chain"),
                    identical(regulariser, objective(t, strength, p) - objective(t, 0, p)),
                ),
                "size",
            ),
            Step(
                "The fit: singular values are no farther from 1 than Z from I, so ||Z - I||^2 >= (K t - K)^2 / K.",
                (),
                all_of(
                    distance_to_identity(),
                    identical(sp.UnevaluatedExpr((K * t - K) ** 2 / K) / (2 * K), objective(t, 0, p)),
                ),
                "fit",
            ),
            Step(
                "The sum is the function minimised in phi_L, at x = K^(2/p) Lambda. At p = 2 that is x = K Lambda, "
                "which DNC reaches.",
                (),
                all_of(
                    inference("the sum of two lower bounds", "size", "fit", "derivation dnc"),
                    identical(sp.Subs(strength, p, 2), K * Lambda),
                ),
            ),
        ),
    )
