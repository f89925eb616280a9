"""Certificates of kind "lower" close to a true one, most of them false."""

import copy
import random
from typing import Any

KINDS = ("value", "x", "K", "L", "cut", "which", "line", "drop", "swap", "leaf")


def spoiled_bound(certificate: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """One change of the problem, the bound, or the tree of boxes."""
    changed: dict[str, Any] = copy.deepcopy(certificate)
    problem, nodes = changed["problem"], changed["witness"]["nodes"]
    cuts = [node for node in nodes if type(node[0]) is int]
    leaves = [node for node in nodes if type(node[0]) is list]
    kind = rng.choice(KINDS)
    if kind == "value":
        numerator, share = changed["lower"][0], rng.choice((10**2, 10**3, 10**4, 10**6))
        changed["lower"][0] = numerator + rng.choice((-1, 1)) * max(1, numerator // share)
    elif kind == "x":
        problem["x"] = [problem["x"][0] * 10 + rng.choice((1, 5)), problem["x"][1] * 10]
    elif kind == "K":
        problem["K"] += rng.choice((-1, 1))
    elif kind == "L":
        problem["L"] += rng.choice((-1, 1))
    elif kind == "cut" and cuts:
        cut = rng.choice(cuts)
        cut[1] += rng.choice((-1, 1)) * max(1, cut[1] >> rng.randrange(9))
    elif kind == "which" and cuts:
        rng.choice(cuts)[0] += rng.choice((-1, 1, 2))
    elif kind == "line":
        line = rng.choice(rng.choice(leaves))
        i = rng.randrange(2)
        line[i] += rng.choice((-1, 1)) * max(1, line[i] >> rng.randrange(14))
    elif kind == "drop":
        nodes.pop(rng.randrange(len(nodes)))
    elif kind == "swap":
        i, j = rng.randrange(len(nodes)), rng.randrange(len(nodes))
        nodes[i], nodes[j] = nodes[j], nodes[i]
    else:
        rng.choice(leaves).append([1, 1])
    return changed
