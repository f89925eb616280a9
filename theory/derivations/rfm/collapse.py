"""Deep RFM with linear kernels: collapse within classes from any data, at an explicit rate per layer."""

from itertools import product
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import Check, all_of, identical, inference, instances, named, seeded
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import LOEWNER, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction
from dufm.theory.rfm.fixed_points import collapse_rate, contraction, k, level, phi
from dufm.theory.rfm.labels import CODES, Labels
from dufm.theory.rfm.recursion import Kernels
from dufm.theory.rfm.spread import contractions, exact_run

h, tau, c, g, a, e, x, zeta = sp.symbols("h tau c g a e x zeta", positive=True)
U, U_t, J, Y, Y_t, Q, C, R, V, V_t = letters("U U^T J Y Y^T Q C C^(-1) V V^T")
H, S, Z, Z_t = letters("H H^(-1) Z Z^T")
W, R_W, N = letters("H^(1/2) H^(-1/2) K")
s = k + phi
GRAM = {U_t * U * J: 1 - s * J, J * U_t * U: 1 - s * J}
RUNS = (((2, 2), 3), ((3, 1), 4), ((2, 2, 2), 7), ((1, 2, 3), 3))
STRENGTHS = ((1, "1/20"), ("1/10", "1/2"), (2, "1/2"))


def loewner() -> Check:
    """0 < A <= B gives B^(-1) <= A^(-1) and R A R <= R B R for symmetric R; here 2 x 2."""

    def positive(m: fmpq_mat) -> bool:
        return fraction(m[0, 0]) >= 0 and fraction(m[1, 1]) >= 0 and fraction(m.det()) >= 0

    def holds(rng: Random) -> bool:
        first, more, third = (random_matrix(rng, 2, 2) for _ in range(3))
        low = first * first.transpose() + fmpq_mat(2, 2, [1, 0, 0, 1]) * fmpq(1, 9)
        high, symmetric = low + more * more.transpose(), third + third.transpose()
        return positive(low.inv() - high.inv()) and positive(symmetric * (high - low) * symmetric)

    return quoted(LOEWNER, spots=[seeded(holds)])


def _shrinks(case: tuple[tuple[tuple[int, ...], int], str, tuple[object, str]]) -> bool:
    """Every layer of an exact run shrinks the spread by at least q."""
    (sizes, width), code, strengths = case
    labels, kernels = Labels(sizes, code), Kernels.of(*strengths)
    if code == "signs" and len(sizes) == 2:
        return True
    data = random_matrix(Random(7 * sum(sizes)), labels.N, width)
    run = exact_run(labels, data * data.transpose(), kernels, 4)
    # For signs of unequal classes the trace bounds the largest eigenvalue.
    top = max(v.tau for v in labels.levels()) if len(set(sizes)) == 1 else sum(sizes) * len(sizes)
    q = contraction(top, kernels.k, kernels.phi)
    return all(fraction(ratio) <= q**2 for ratio in contractions(run[1:]))


def rfm_collapse() -> Derivation:
    """||Z+ H^(1/2)|| <= q ||Z H^(1/2)||, q = lambda_k/(lambda_k + lambda_Phi (1 + (lambda_k + lambda_Phi)/h))."""
    gain = g / (g + k)
    bound = tau * phi / s + (k / s) / (s / c**2 + 1 / tau)
    room = (k / phi) / (1 + s * tau / c**2)
    energy = (s / k) * (s * R * R + S + Z_t * Z)
    cases = list(product(RUNS, CODES, STRENGTHS))
    return Derivation(
        name="rfm-collapse",
        title="Deep RFM with linear kernels: exponential collapse from any data",
        source="ours; a statement of this kind for small lambda_k/lambda_Phi: Beaglehole et al. (arXiv 2402.13728)",
        states="For every lambda_k, lambda_Phi > 0, every data set of distinct points and labels of full column rank, "
        "let U be the features after M^(1/2) and Z = Q U (Y^T U)^(-1), Q the projector onto vectors orthogonal to the "
        "labels. From the second layer on ||Z H^(1/2)|| falls by at least q = lambda_k/(lambda_k + lambda_Phi (1 + "
        "(lambda_k + lambda_Phi)/h)) < 1 a layer, H = Y^T Y, h its largest eigenvalue, and tr (Q U U^T) is at most a "
        "constant times q^(2 l). For one-hot labels of equal classes the factor is in the limit at most r at the "
        "largest fixed point; if there is one fixed point only, the Gram matrix converges to it from every start and "
        "the factor tends to r.",
        steps=(
            Step(
                "After one layer G = lambda_Phi + U U^T. With s = lambda_k + lambda_Phi and J = (s + U^T U)^(-1), c x "
                "c, (s + U U^T)^(-1) = (1 - U J U^T)/s, so A = 1 - lambda_k (G + lambda_k)^(-1) has the form shown.",
                (),
                all_of(
                    inference("a layer of the recursion", "derivation rfm-recursion"),
                    same_words((s + U * U_t) * (1 - U * J * U_t) / s, 1, GRAM),
                    same_words(1 - (k / s) * (1 - U * J * U_t), phi / s + (k / s) * U * J * U_t),
                ),
                "A",
            ),
            Step(
                "Let C = U^T Y; as U = A_- Y for the A_- of the layer before, C = Y^T A_- Y is symmetric and 0 <= C "
                "<= H. The next U is A Y, so C+ = Theta + E with Theta = (lambda_Phi/s) H and E = (lambda_k/s) C J C "
                ">= 0, and V = Q U becomes V+ = (lambda_k/s) V J C. From the second layer on C >= Theta > 0.",
                (),
                all_of(
                    inference("the next U is A Y", "A"),
                    same_words(
                        Y_t * (phi / s + (k / s) * U * J * U_t) * Y,
                        (phi / s) * H + (k / s) * C * J * C,
                        {Y_t * Y: H, U_t * Y: C, Y_t * U: C},
                    ),
                    same_words(
                        Q * (phi / s + (k / s) * U * J * U_t) * Y, (k / s) * V * J * C, {Q * Y: 0, Q * U: V, U_t * Y: C}
                    ),
                ),
                "next",
            ),
            Step(
                "Hence Z = V C^(-1) obeys Z+ = Z E (Theta + E)^(-1), exactly. A factor of U, which a rescaled M "
                "brings, cancels in Z.",
                (),
                all_of(
                    same_words((k / s) * V * J * C, V * R * (k / s) * C * J * C, {R * C: 1, C * R: 1}),
                    inference("Z = V C^(-1)", "next"),
                ),
                "Z",
            ),
            Step(
                "Split U^T U along the labels, P = Y H^(-1) Y^T, and across: U^T U = C H^(-1) C + V^T V = C F C with "
                "F = H^(-1) + Z^T Z. Then E^(-1) = (s/lambda_k) (s C^(-2) + F).",
                (),
                all_of(
                    inference("J in terms of C and F", "next"),
                    same_words(
                        U_t * (Y * S * Y_t + Q * Q) * U,
                        C * S * C + V_t * V,
                        {U_t * Y: C, Y_t * U: C, U_t * Q: V_t, Q * U: V},
                    ),
                    same_words(
                        (k / s) * C * J * C * energy * C,
                        C,
                        {C * R: 1, R * C: 1, J * C * S * C: 1 - s * J - J * C * Z_t * Z * C},
                    ),
                ),
                "E",
            ),
            Step(
                "E (Theta + E)^(-1) = Theta^(1/2) (1 + N)^(-1) Theta^(-1/2) with N = Theta^(1/2) E^(-1) Theta^(1/2) "
                ">= (lambda_Phi/lambda_k) H^(1/2) (s C^(-2) + H^(-1)) H^(1/2) = (lambda_Phi/lambda_k) (1 + s K H^(-1) "
                "K), K = H^(1/2) C^(-1) H^(1/2) >= 1 as C <= H. So K H^(-1) K >= K^2/h >= 1/h: N >= "
                "(lambda_Phi/lambda_k)(1 + s/h).",
                (),
                all_of(
                    loewner(),
                    same_words(
                        W * (s * R * R + S) * W,
                        1 + s * N * S * N,
                        {R: R_W * N * R_W, W * R_W: 1, R_W * W: 1, R_W * R_W: S, W * S * W: 1},
                    ),
                    inference("congruence by Theta^(1/2)", "next", "E"),
                ),
                "N",
            ),
            Step(
                "So Z+ H^(1/2) = Z H^(1/2) (1 + N)^(-1), and every unitarily invariant norm falls by at least q. If M "
                "is rescaled differently at every layer, N >= lambda_Phi/lambda_k still holds and the factor is at "
                "most lambda_k/(lambda_k + lambda_Phi).",
                (),
                all_of(
                    named(sp.Symbol("q"), contraction(h)),
                    identical(1 / sp.UnevaluatedExpr(1 + (phi / k) * (1 + s / h)), contraction(h)),
                    identical(1 / sp.UnevaluatedExpr(1 + phi / k), k / s),
                    identical(sp.Limit(contraction(h, 1, x), h, sp.oo), 1 / (1 + x)),
                    inference("the norm of a product with (1 + N)^(-1)", "Z", "N"),
                    spots=[instances(cases, _shrinks, "||Z H^(1/2)||^2 against q^2, exact runs of four layers")],
                ),
                "spread",
            ),
            Step(
                "Collapse: V = Z C and C H^(-1) C <= H <= h give ||V||^2 <= h ||Z H^(1/2)||^2, while A_- >= "
                "lambda_Phi/s from the second layer on gives tr (P U U^T) >= (lambda_Phi/s)^2 tr H. Their ratio falls "
                "like q^(2 l).",
                (),
                all_of(
                    loewner(),
                    same_words(Z * W * R_W * C, V, {W * R_W: 1, Z * C: V}),
                    identical(1 - sp.UnevaluatedExpr(k / (phi + k)), phi / s),
                    inference("the quotient of the two traces", "next", "spread"),
                ),
            ),
            Step(
                "Equal classes, one-hot: H = tau. If C <= c then C+ <= m(c); with c = tau g/(g + lambda_k) that is "
                "the scalar recursion g -> tau (g/(g + lambda_k))^2 + lambda_Phi, which rises in g. From c = tau, g = "
                "infinity, it falls to the largest fixed point a.",
                (),
                all_of(
                    named(sp.Symbol("m(c)"), bound),
                    identical(sp.Subs(bound, c, tau * gain), tau * (tau * gain**2 + phi) / (tau * gain**2 + phi + k)),
                    identical(sp.Derivative(gain, g), k / (g + k) ** 2),
                    inference("C+ as a function of C", "next", "E"),
                ),
                "scalar",
            ),
            Step(
                "There 1/(1 + N) <= e/(1 + e), e = (lambda_k/lambda_Phi)/(1 + s tau/c^2), rises in c and is r at c = "
                "tau a/(a + lambda_k), f(a) = tau: in the limit the factor is at most r.",
                (),
                all_of(
                    named(sp.Symbol("r"), collapse_rate(a)),
                    identical(
                        sp.UnevaluatedExpr((e / (1 + e)).subs(e, room).subs(c, tau * a / (a + k)).subs(tau, level(a))),
                        collapse_rate(a),
                    ),
                    identical(sp.Derivative(e / (1 + e), e), 1 / (1 + e) ** 2),
                    inference("1/(1 + N) at the largest fixed point", "N", "scalar"),
                ),
                "limit",
            ),
            Step(
                "From below, F <= 1/tau + zeta^2 with zeta = ||Z|| -> 0, so the least eigenvalue of C stays above the "
                "same recursion with 1/tau + zeta^2, which tends to it and whose least fixed point rises to the least "
                "one of m. If f(g) = tau has one solution, C tends to a multiple of 1, G to its fixed point and the "
                "factor to r.",
                (),
                all_of(
                    identical(sp.Subs((k / s) / (s / c**2 + 1 / tau + zeta**2), zeta, 0), bound - tau * phi / s),
                    identical(
                        sp.Derivative((k / s) / (s / c**2 + 1 / tau + zeta**2), c),
                        2 * k / c**3 / (s / c**2 + 1 / tau + zeta**2) ** 2,
                    ),
                    inference("a recursion from below with the same limit", "spread", "scalar", "limit"),
                ),
            ),
        ),
    )
