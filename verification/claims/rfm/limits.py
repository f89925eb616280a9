"""Claims on Deep RFM's two limits: the linear feature map, where collapse stalls, and learning the kernel itself."""

from fractions import Fraction

from flint import arb, arb_mat, ctx

from dufm.theory import derivations
from dufm.theory.rfm.kernels import cross_class, least_cost
from dufm.theory.rfm.labels import Labels
from dufm.theory.rfm.linear_map import stalled
from dufm.theory.rfm.recursion import Kernels, ball
from dufm.theory.rfm.spread import ball_run
from dufm.theory.squared.structure import as_fraction_ball
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Stated
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.rfm.exact import DIGITS, LINEAR, near, random_gram, reached_values


def _linear_map(budget: Budget) -> Verdict:
    comparisons = []
    with ctx.workdps(DIGITS):
        for K, n, k in ((3, 6, "1/10"), (4, 5, "1/4"), (5, 4, "1/20")):
            labels, kernels = Labels.balanced(K, n), Kernels.of(k, 0)
            run = ball_run(labels, random_gram(labels.N, scale=4), kernels, 16)
            means = arb_mat(labels.members().transpose()) * run[-1].U
            own = sum((x * x for x in means.entries()), arb(0)) / n
            what = f"share within classes where it stalls, K {K}, n {n}, lambda_k {k}"
            comparisons.append(near(run[-1].within() / own, stalled(run[0], kernels.balls()[0], arb(n)), what))
            drift = as_fraction_ball(abs(run[-1].weighted() / run[0].weighted() - 1))[1]
            comparisons.append(
                Comparison(drift, "<=", Fraction(1, 10**20), what=f"drift of the spread in 16 layers, K {K}")
            )
        labels = Labels.balanced(2, 12)
        for k, layers in (("5/2", 80), ("29/10", 80), ("31/10", 38), ("7/2", 19)):
            kernels = Kernels.of(k, 0)
            # What vanishes does so doubly exponentially: layers are few, or its exponent fills the memory.
            found = reached_values(labels, labels.gram() * 100, kernels, layers)[0]
            if 4 * kernels.k <= 12:
                limit = (12 - 2 * ball(kernels.k) + (144 - 48 * ball(kernels.k)).sqrt()) / 2
                comparisons.append(near(found, limit, f"fixed value, n 12, lambda_k {k}"))
            else:
                comparisons.append(
                    Comparison(
                        as_fraction_ball(found)[1], "<", Fraction(1, 10**20), what=f"n 12, lambda_k {k} loses all"
                    )
                )
    return by_derivation(
        "A linear map conserves the spread and stalls where the first layer says; classes need 4 lambda_k F <= 1.",
        comparisons,
    )


def _kernel(budget: Budget) -> Verdict:
    comparisons = []
    value = least_cost(Labels.balanced(4, 6), Fraction(1, 10))
    comparisons.append(Comparison(value, "==", Fraction(240, 61), what="least cost, one-hot, K 4, n 6, mu 0.1"))
    for K, rho in (
        (2, Fraction(-1)),
        (3, Fraction(-1, 5)),
        (4, Fraction(0)),
        (6, Fraction(1, 7)),
        (10, Fraction(3, 13)),
    ):
        comparisons.append(Comparison(cross_class(K, Fraction(0)), "==", rho, what=f"rho, signs, K {K}, mu -> 0"))
    comparisons.append(Comparison(cross_class(10, Fraction(10, 3)), "==", 1, what="rho, signs, K 10, mu/n = 10/3"))
    return by_derivation(
        "Whatever the label code, some best kernel is collapsed; for one-hot and +-1 labels the only one.", comparisons
    )


RFM_LIMITS = (
    Claim(
        "rfm-linear-map",
        "With a linear feature map collapse stalls: the relative spread never changes after the first layer, and class "
        "directions survive only if 4 lambda_k F <= 1, F = (Y^T Y)^(-1) + Z^T Z; n >= 4 lambda_k without spread.",
        Stated(
            (
                LINEAR,
                ("rfm-linear-map", "For lambda_Phi = 0 and Y^T A Y > 0 at the first layer"),
                ("rfm-linear-map", "features that stay distinct, lambda_k > 0"),
            )
        ),
        "ours",
        (derivations.rfm_recursion, derivations.rfm_linear_map, derivations.rfm_collapse),
        _linear_map,
        Expected(Status.PROVED),
    ),
    Claim(
        "rfm-kernel",
        "Among the kernels of diagonal <= 1 that minimise kernel ridge regression one is collapsed; one-hot: only the "
        "block identity; +-1 labels: only entries (1 + mu/n)(K-4)/(3K-4) between classes, from mu/n = 2K/(K-4) on 1.",
        Stated(
            (
                ("rfm-kernel", "Over PSD kernel matrices with diagonal <= 1"),
                ("rfm-kernel", "mu > 0, has a minimiser that is constant on classes (others may tie with it)"),
                ("rfm-kernel", "for every label code that depends on the class only, classes of any size"),
                ("rfm-kernel", "One-hot labels: it is the block identity"),
                ("rfm-kernel", "+-1 labels, K equal classes"),
            )
        ),
        "one-hot: Beaglehole et al. (2402.13728); the rest ours",
        (derivations.rfm_kernel,),
        _kernel,
        Expected(Status.PROVED),
    ),
)
