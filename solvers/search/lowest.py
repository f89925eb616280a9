"""The lowest minima of a search, one by one: polished, told apart by canonical form, with symmetry and graph."""

from dataclasses import dataclass

from dufm.solvers.base.parallel import Stop
from dufm.solvers.minima.basins import Basins
from dufm.solvers.minima.polish import Polished, refine, unpolished
from dufm.solvers.minima.symmetry import graph_of, symmetry_group
from dufm.solvers.search.state import Group
from dufm.theory.problem import Problem


@dataclass(frozen=True, eq=False)
class FoundMinimum:
    """One minimum.

    Attributes:
        polished: its weights and what the polish says of them.
        hits: restarts that ended in it.
        symmetry: name of the group of class permutations that fix it.
        graph: the neck read as a graph, or None.
    """

    polished: Polished
    hits: int
    symmetry: str
    graph: str | None


def lowest_minima(problem: Problem, groups: list[Group], count: int, stop: Stop = None) -> list[FoundMinimum]:
    """Polish the `count` lowest groups of a search; those that turn out to be one minimum are merged.

    A group whose polish fails is left out: its weights would scatter and count as a minimum of its own. So are those
    whose turn comes after `stop` holds.
    """
    basins, found = Basins(problem), list[Polished]()
    for group in sorted((g for g in groups if g.weights), key=lambda g: g.loss)[:count]:
        polished = group.polished or refine(problem, group.weights, stop) or unpolished(problem, group.weights)
        if polished.succeeded:
            basins.add(polished.loss, polished.weights, group.hits)
            found.append(polished)
    minima: list[FoundMinimum] = []
    for basin in basins.found:
        # The basin keeps the weights of its lowest point, and that point was polished here.
        polished = next(p for p in found if p.loss == basin.loss)
        graph = graph_of(problem, basin.weights)
        symmetry = symmetry_group(problem, basin.weights).name
        minima.append(FoundMinimum(polished, basin.hits, symmetry, None if graph is None else graph.name))
    return minima
