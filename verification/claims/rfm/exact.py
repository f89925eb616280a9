"""Claims on Deep RFM with linear kernels: recursion, collapse, what is minimised, fixed points, rates."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from dufm.theory import derivations
from dufm.theory.rational import fraction, identity
from dufm.theory.rfm.blocks import Block, block_rates
from dufm.theory.rfm.descent import falls, fixed_objective
from dufm.theory.rfm.fixed_points import contraction, fixed_values
from dufm.theory.rfm.labels import Labels
from dufm.theory.rfm.recursion import Kernels, ball, ball_unit, digits_for, step
from dufm.theory.rfm.spread import ball_run, contractions
from dufm.theory.squared.structure import as_fraction_ball
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Stated
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

SEED = 0
DIGITS = 400
FIVE_DIGITS = Fraction(1, 10**5)
PAIRS = (("1/10", "1/2", 7), ("1/2", "1/2", 10), (1, "1/5", 30), ("3/10", 2, 7), (2, "1/2", 30), (1, "1/20", 90))


def random_gram(N: int, width: int = 20, scale: int = 20, seed: int = SEED) -> fmpq_mat:
    """X X^T of seeded data: entries are integers from -9 to 9 over `scale`."""
    rng = Random(seed)
    data = fmpq_mat(N, width, [fmpq(rng.randint(-9, 9), scale) for _ in range(N * width)])
    return data * data.transpose()


def near(found: arb, wanted: arb, what: str, share: Fraction = FIVE_DIGITS) -> Comparison:
    """|found - wanted| <= share * wanted for all numbers in the balls."""
    return Comparison(as_fraction_ball(abs(found / wanted - 1))[1], "<=", share, what=what)


def _recursion(budget: Budget) -> Verdict:
    return by_derivation("A layer is G -> A Y Y^T A + lambda_Phi; features agree with it exactly.")


def _collapse(budget: Budget) -> Verdict:
    comparisons = []
    kinds = (Labels.balanced(5, 4), Labels.balanced(5, 4, "signs"), Labels((1, 3, 6)), Labels.balanced(3, 12))
    for labels in kinds:
        for k, phi in ((1, "1/20"), ("1/10", "1/2"), (2, "1/2")):
            kernels = Kernels.of(k, phi)
            run = ball_run(labels, random_gram(labels.N), kernels, 12)
            q = contraction(max(level.tau for level in labels.levels()), kernels.k, kernels.phi)
            worst = max(as_fraction_ball(ratio)[1] for ratio in contractions(run[1:]))
            what = f"factor^2 of the spread and q^2, {labels.code} {labels.sizes}, lambda_k {k}, lambda_Phi {phi}"
            comparisons.append(Comparison(worst, "<=", q**2, what=what))
    return by_derivation(
        "The spread within classes falls by q < lambda_k/(lambda_k + lambda_Phi) a layer, from any data.",
        comparisons,
    )


def _no_agop(budget: Budget) -> Verdict:
    comparisons = []
    for labels in (Labels.balanced(3, 4), Labels.balanced(5, 3)):
        gram, within = random_gram(labels.N), labels.within()
        member = labels.members() * fmpq(1, labels.sizes[0])
        centre = identity(labels.K) - fmpq_mat(labels.K, labels.K, [fmpq(1, labels.K)] * labels.K**2)
        shares = []
        for layer in range(6):
            now = gram + identity(labels.N) * fmpq(layer, 2)
            means = centre * member.transpose() * now * member * centre
            shares.append(trace(within * now) / labels.N / (trace(means) / labels.K))
        limit = Fraction(labels.N - labels.K, labels.K - 1)
        for before, after in zip(shares, shares[1:], strict=False):
            relation = ">" if shares[0] < limit else "<"
            comparisons.append(Comparison(after, relation, before, what=f"NC1 a layer on, K {labels.K}, to {limit}"))
    return by_derivation("Without AGOP NC1 moves to (N-K)/(K-1): no collapse.", comparisons)


def trace(m: fmpq_mat) -> Fraction:
    """The trace of a rational matrix."""
    return sum((fraction(m[i, i]) for i in range(m.nrows())), Fraction(0))


def _descent(budget: Budget) -> Verdict:
    comparisons = []
    for labels in (Labels.balanced(3, 4, "signs"), Labels((1, 3, 6)), Labels.balanced(4, 3)):
        for k, phi in ((1, "1/20"), (1, "1/8"), ("1/10", 2)):
            kernels = Kernels.of(k, phi)
            with ctx.workdps(DIGITS):
                run = ball_run(labels, random_gram(labels.N), kernels, 10)
                least = min(as_fraction_ball(fall)[0] for fall in falls(run, kernels))
            what = f"least gain beyond the move, {labels.code} {labels.sizes}, lambda_k {k}, lambda_Phi {phi}"
            comparisons.append(Comparison(least, ">", 0, what=what))
    return by_derivation(
        "Each layer descends ||Y - U||^2 + lambda_k log det(U U^T + lambda_Phi); one fixed point means convergence.",
        comparisons,
    )


def reached_values(labels: Labels, gram: fmpq_mat, kernels: Kernels, layers: int) -> list[arb]:
    """Diagonal entries of the class means' Gram matrix times n, after so many layers; equal classes."""
    with ctx.workdps(digits_for(layers)):
        k, phi = kernels.balls()
        current, y, unit = arb_mat(gram), arb_mat(labels.matrix()), ball_unit(labels.N)
        for _ in range(layers):
            current = step(current, y, unit, k, phi)
        means = y.transpose() * current * y
        return [means[c, c] / labels.sizes[c] for c in range(labels.K)]


def _fixed_points(budget: Budget) -> Verdict:
    comparisons = []
    labels, kernels = Labels.balanced(2, 5), Kernels.of(1, "1/20")
    low, _, high = fixed_values(Fraction(5), kernels)
    same = labels.gram()
    starts = {
        "large data": (same * 10 + identity(10), (high, high)),
        "small data": (same * fmpq(1, 100) + identity(10) * fmpq(1, 100), (low, low)),
        "one class large": (
            fmpq_mat(
                10,
                10,
                [
                    (fmpq(10) if i < 5 else fmpq(1, 100)) * (int(i == j) + same[i, j])
                    for i in range(10)
                    for j in range(10)
                ],
            ),
            (high, low),
        ),
    }
    for name, (gram, wanted) in starts.items():
        for c, (found, end) in enumerate(zip(reached_values(labels, gram, kernels, 90), wanted, strict=True)):
            with ctx.workdps(DIGITS):
                what = f"class {c + 1} reaches its fixed value from {name}"
                comparisons.append(near(found, ball(end[0]).union(ball(end[1])), what))
    with ctx.workdps(DIGITS):
        upper, lower = (as_fraction_ball(fixed_objective(arb(5), ball(end[0]), kernels)) for end in (high, low))
        what = "objective at the largest fixed value and at the least, which small data reach"
        comparisons.append(Comparison(upper[1], "<", lower[0], what=what))
    for share, count in (("1/8", 1), ("1/9", 1), ("1/20", 3), ("1/100", 3)):
        many = len(fixed_values(Fraction(5), Kernels.of(1, share)))
        comparisons.append(Comparison(many, "==", count, what=f"fixed values at tau = 5, lambda_Phi = {share}"))
    return by_derivation(
        "f(G) = Y Y^T at every fixed point; one from lambda_Phi >= lambda_k/8 on, below that the data choose.",
        comparisons,
    )


def _rates(budget: Budget) -> Verdict:
    return by_derivation("Every block of the Gram matrix has its rate, a chord of f, in closed form.")


def measured_blocks(budget: Budget) -> Iterator[tuple[str, arb, Block]]:
    """Cases with what they measure: a name, the rate predicted and the block of the run."""
    K = 5 if budget.name == "full" else 2
    for k, phi, layers in PAIRS:
        kernels, labels = Kernels.of(k, phi), Labels.balanced(K, 12)
        found = block_rates(labels, random_gram(labels.N), kernels, layers)
        name = f"lambda_k {k}, lambda_Phi {phi}, n 12"
        yield f"r, {name}", found[0, 1].predicted, found[0, 1]
        yield f"r^2 within classes, {name}", found[0, 1].predicted ** 2, found[1, 1]
    signs = Labels.balanced(5, 4, "signs")
    for (i, j), block in block_rates(signs, random_gram(signs.N), Kernels.of("1/2", "1/2"), 16).items():
        if j == 2 and i < 2:
            yield f"{block.first} | {block.second}, signs {signs.sizes}", block.predicted, block
    # Without spread the classes' own block is seen; from data it follows r^2 where that is larger.
    for labels in (Labels.balanced(4, 3, "signs"), Labels.balanced(5, 3, "signs"), Labels((2, 2, 5))):
        start = labels.members() * random_gram(labels.K) * labels.members().transpose() + identity(labels.N)
        for (i, j), block in block_rates(labels, start, Kernels.of("1/2", "1/2"), 16).items():
            if labels.levels()[max(i, j)].tau > 0:
                yield f"{block.first} | {block.second}, {labels.code} {labels.sizes}", block.predicted, block


def _measured(budget: Budget) -> Verdict:
    comparisons, details = [], {}
    for name, predicted, block in measured_blocks(budget):
        with ctx.workdps(DIGITS):
            comparisons.append(near(block.measured(), predicted, f"measured over predicted rate less 1: {name}"))
            details[name] = [block.measured().str(8, radius=False), predicted.str(8, radius=False)]
    if not all(c.holds for c in comparisons):
        broken = "; ".join(str(c) for c in comparisons if not c.holds)
        return Verdict(Status.UNDECIDED, f"not within five digits: {broken}", tuple(comparisons), details=details)
    worst = max(float(c.found) for c in comparisons)
    sentence = f"{len(comparisons)} rates of runs in ball arithmetic agree with the formula, the worst to {worst:.1e}."
    return Verdict(Status.CERTIFIED, sentence, tuple(comparisons), details=details)


LINEAR = (
    "rfm-recursion",
    "predictor kernel <x,x'> + lambda_k 1[x=x'], no ridge, feature-map kernel <z,z'> + lambda_Phi 1[z=z'] and distinct "
    "data",
)
RFM = (
    Claim(
        "rfm-recursion",
        "With linear kernels a layer of Deep RFM is a map of the Gram matrix, G -> A Y Y^T A + lambda_Phi.",
        Stated(
            (
                LINEAR,
                ("rfm-recursion", "any labels, lambda_k > 0, lambda_Phi >= 0"),
                ("rfm-recursion", "c = 1 for the gradients' mean outer product, c > 0 if it is rescaled"),
            )
        ),
        "setting: Beaglehole et al. (2402.13728); this form ours",
        (derivations.rfm_recursion,),
        _recursion,
        Expected(Status.PROVED),
    ),
    Claim(
        "rfm-spread",
        "After M^(1/2) Deep RFM collapses within classes exponentially in depth: the spread relative to the class "
        "means falls by q = lambda_k/(lambda_k + lambda_Phi (1 + (lambda_k + lambda_Phi)/h)) a layer, h the largest "
        "eigenvalue of Y^T Y.",
        Stated(
            (
                LINEAR,
                (
                    "rfm-collapse",
                    "every lambda_k, lambda_Phi > 0, every data set of distinct points and labels of full column rank",
                ),
                ("rfm-collapse", "the features after M^(1/2)"),
                ("rfm-collapse", "From the second layer on"),
            )
        ),
        "ours; for lambda_k small against lambda_Phi: Beaglehole et al. (2402.13728)",
        (derivations.rfm_recursion, derivations.rfm_collapse),
        _collapse,
        Expected(Status.PROVED),
    ),
    Claim(
        "rfm-no-agop",
        "Without AGOP there is no collapse: NC1 after l feature maps moves monotonically to (N - K)/(K - 1).",
        Stated(
            (LINEAR, ("rfm-recursion", "Without AGOP, M = 1"), ("rfm-recursion", "for equal classes: monotone in x"))
        ),
        "ours; the ablation: Beaglehole et al. (2402.13728)",
        (derivations.rfm_recursion,),
        _no_agop,
        Expected(Status.PROVED),
    ),
    Claim(
        "rfm-descent",
        "A layer of Deep RFM is one round of alternating minimisation of ||Y-U||^2 + lambda_k (tr G^(-1)(U U^T + "
        "lambda_Phi) + log det G): a low-rank penalty, and kernel ridge regression with the kernel learned too.",
        Stated(
            (
                LINEAR,
                ("rfm-descent", "For every lambda_k, lambda_Phi > 0, distinct data and labels"),
                ("rfm-descent", "from layer 2 on"),
            )
        ),
        "ours; kin: Radhakrishnan, Belkin, Drusvyatskiy (2401.04553)",
        (derivations.rfm_recursion, derivations.rfm_rates, derivations.rfm_descent),
        _descent,
        Expected(Status.PROVED),
    ),
    Claim(
        "rfm-fixed-points",
        "Every fixed point is collapsed, f(G) = Y Y^T with f(g) = (g - lambda_Phi)(g + lambda_k)^2/g^2; it is unique "
        "for all labels iff lambda_Phi >= lambda_k/8, and one-hot equal classes then reach it from any data.",
        Stated(
            (
                LINEAR,
                ("rfm-rates", "For lambda_k, lambda_Phi > 0 and any T >= 0"),
                ("rfm-rates", "There is one fixed point for every T iff lambda_Phi >= lambda_k/8"),
                (
                    "rfm-descent",
                    "for every Y if lambda_Phi >= lambda_k/8, the layers converge to it from every data set "
                    "and every labels",
                ),
            )
        ),
        "ours",
        (derivations.rfm_recursion, derivations.rfm_rates, derivations.rfm_descent),
        _fixed_points,
        Expected(Status.PROVED),
    ),
    Claim(
        "rfm-rates",
        "Near a fixed point the block between eigenvalues a, b of G shrinks by 1 - (a/(a+lambda_k)) (b/(b+lambda_k)) "
        "(f(a)-f(b))/(a-b) a layer; within-class spread by r = (1 - lambda_Phi/a) lambda_k/(lambda_k + lambda_Phi).",
        Stated((LINEAR, ("rfm-rates", "For lambda_k, lambda_Phi > 0 and any T >= 0"))),
        "ours",
        (derivations.rfm_recursion, derivations.rfm_rates),
        _rates,
        Expected(Status.PROVED),
    ),
    Claim(
        "rfm-measured-rates",
        "Runs of the recursion shrink block by block at the predicted rates, to five digits.",
        "the (lambda_k, lambda_Phi), n, K and labels listed, seeded data; enclosed in ball arithmetic",
        "ours",
        (derivations.rfm_rates, derivations.rfm_recursion),
        _measured,
        Expected(Status.CERTIFIED),
    ),
)
