"""Which claims and derivations are theorems of `rocq/Theorems*.v`, checked by the Rocq kernel."""

THEOREMS = {
    "four_layers": ("three-classes", "four-layers"),
    "three_layers": ("three-layers",),
    "two_layers": ("two-layers-low-rank",),
    "one_layer": ("one-layer", "two-classes"),
    "near_collapse_two": ("two-layers-strong", "thresholds"),
    "near_collapse_three": ("thresholds", "three-layers-strong"),
    "two_classes": ("two-classes",),
    "pair_bound": ("pair-bound", "lower-bound"),
    "low_rank_margins": ("ce-relu-suboptimal",),
    "low_rank_nc2": ("ce-relu-nc2",),
    "low_rank_nc2_few": ("ce-relu-nc2-few",),
    "linear_suboptimal": ("ce-suboptimal",),
    "linear_one_layer": ("ce-one-layer",),
    "cross_entropy": ("ce-relu-suboptimal", "ce-relu-nc2", "ce-relu-nc2-few", "ce-suboptimal", "ce-one-layer"),
}
"""Headline theorem: labels of the claims it closes, alone or with the others that name it, on their whole regime."""

PARTS = {
    "vanishing": ("srg-vanishes", "cuts-vanish", "two-layers-vanish"),
    "near_collapse_two": ("four-classes-two-layers",),
    "one_threshold": ("one-threshold",),
    "three_classes_optimal": ("three-classes-optimal",),
    "loss_from_below": ("lower-bounds",),
    "cost_from_below": ("lower-bounds",),
}
"""Headline theorem: labels of the claims of which it is a part (fewer classes, strengths,
depths or widths than the claim names; `vanishing` and `near_collapse_two` by weights of their own)."""

DERIVATIONS = {
    "dnc": "dnc_bound, curve_ge and dnc_collapsed in LowerBound.v",
    "direct-sum": "unit_beats_dnc in Better.v",
    "head": "head_depth in Head.v",
    "chord": "piece_sound in CheckInterval.v, and near_collapse in NearCollapse.v for more classes",
    "lower-bound": "product_bound_all and fit_bound_all in AllWeights.v",
    "srg": "srg_unit in Srg.v: for every r >= 4 and L >= 4",
    "threshold": "one_threshold and zero_stays in Threshold.v, near_from in NearFrom.v",
    "z-test": "z_test in ZTest.v for every number of columns; nuclear in Three.v for three",
    "two-layers": "nuclear in Three.v: the cost of the first two layers",
    "pairs": "pair_bound in Pairs.v",
    "spectra": "spectrum in LowerSound.v: two and three layers; line_bound in Spectra.v: the first two in closed form",
    "two-classes": "two_classes in TwoClasses.v: every depth from two layers on",
    "optimal-three": "three_classes in ThreeClasses.v, without boxes: for x <= 1/9",
    "ce-relu-collapse": "broad_pays in MarginCollapse.v: the cost, narrow and broad; total_symmetric in MarginBound.v: "
    "the fit, for every margin loss; cross_entropy_loss in MarginFacts.v: cross-entropy is one",
    "ce-low-rank": "linear_table in LinearDnc.v: pairs, and single classes, for every margin loss, a part",
    "ce-relu-nc2": "nc2_pays in MarginCollapse.v",
    "ce-relu-margins": "margins_beat_dnc in MarginDnc.v and wins in MarginDepth.v, for every margin loss",
    "ce-relu-sums": "summed_H1 in MarginSum.v and wins in MarginDepth.v: more classes; depth in MarginDepth.v: layers",
    "halves": "two_layers in Theorems.v (six vertices)",
}
"""Derivation: the theorem of `rocq/` that says the same or more, with a proof of its own."""


def theorems_of(label: str) -> list[str]:
    """The headline theorems that together close a claim, if any do."""
    return [name for name, labels in THEOREMS.items() if label in labels]


def part_of(label: str) -> str:
    """The headline theorem that is a part of a claim, or the empty string."""
    return next((name for name, labels in PARTS.items() if label in labels), "")


def checked_by_kernel(name: str, form: str) -> str:
    """The line that `dufm derive` ends with where a derivation has a theorem; empty where it has none."""
    if name not in DERIVATIONS:
        return ""
    line = f"Checked by the Rocq kernel, with a proof of its own: {DERIVATIONS[name]} (verification/rocq)."
    return "\n" + (line.replace("_", r"\_") if form == "latex" else line)
