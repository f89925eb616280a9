"""What is meant for one loss refuses the other with one clear line."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dufm.solvers.ce.polish import ce_polish, polish_logits
from dufm.solvers.ce.search import ce_search
from dufm.solvers.engines.cpu import descend_from
from dufm.solvers.engines.cpu_cross_entropy import CeEngine
from dufm.solvers.intervals.intervals import ray_of
from dufm.solvers.intervals.one_layer import closed_form, solve_linear
from dufm.solvers.minima.basins import Basins, fingerprint
from dufm.solvers.minima.canonical import canonical, describe
from dufm.solvers.minima.polish import polish, refine
from dufm.solvers.minima.rest import descend_to_rest
from dufm.solvers.minima.symmetry import graph_of, invariants, symmetry_group
from dufm.solvers.objectives.cross_entropy import CeObjective
from dufm.solvers.objectives.squared import Objective, best_last_layer, loss
from dufm.solvers.search.fixed_portfolio import compiled_search
from dufm.solvers.search.gpu import jax_runner
from dufm.solvers.search.lowest import lowest_minima
from dufm.solvers.search.options import FixedOptions, SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.scipy_reference import search
from dufm.solvers.search.state import Group
from dufm.solvers.weights.cyclic import cyclic_weights
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.ce.enclosure import best_scale, objective_ball
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import bracket, least_loss
from dufm.theory.stated import ProblemError
from dufm.verification.base.certificate import point_certificate

CE = Problem.of(4, 2, "1/100", 4, loss="ce")
LINEAR = Problem.of(4, 1, "1/100", 4, loss="ce")
MSE = Problem.of(4, 2, "1/100", 4)
WEIGHTS = [np.ones(shape) for shape in CE.shapes]

SQUARED: dict[str, Callable[[], Any]] = {
    "search": lambda: search(CE, FixedOptions(restarts=1, starts_per_restart=8)),
    "compiled_search": lambda: compiled_search(CE, FixedOptions(restarts=1)),
    "jax_runner": lambda: jax_runner(CE),
    "global_search": lambda: global_search(CE, SearchOptions(restarts=1)),
    "descend_from": lambda: descend_from(CE, [WEIGHTS]),
    "loss": lambda: loss(CE, WEIGHTS),
    "objective": lambda: Objective(CE),
    "best_last_layer": lambda: best_last_layer(CE, WEIGHTS[:-1]),
    "polish": lambda: polish(CE, WEIGHTS),
    "refine": lambda: refine(CE, WEIGHTS),
    "settle": lambda: descend_to_rest(CE, WEIGHTS),
    "canonical": lambda: canonical(CE, WEIGHTS),
    "describe": lambda: describe(CE, WEIGHTS),
    "lowest_minima": lambda: lowest_minima(CE, [Group(1.0, tuple(WEIGHTS))], 1),
    "basins": lambda: Basins(CE),
    "fingerprint": lambda: fingerprint(CE, WEIGHTS),
    "invariants": lambda: invariants(CE, WEIGHTS),
    "symmetry_group": lambda: symmetry_group(CE, WEIGHTS),
    "graph_of": lambda: graph_of(CE, WEIGHTS),
    "at_best_scale": lambda: at_best_scale(CE, WEIGHTS),
    "ray_of": lambda: ray_of(CE, WEIGHTS, "mine"),
    "cyclic_weights": lambda: cyclic_weights(CE, np.eye(4)),
    "solve_linear": lambda: solve_linear(LINEAR),
    "closed_form": lambda: closed_form(LINEAR),
    "least_loss": lambda: least_loss(CE),
    "bracket": lambda: bracket(CE),
    "point_certificate": lambda: point_certificate(CE, WEIGHTS, "mine", {}),
    "exact objective": lambda: CE.objective([w.astype(int).tolist() for w in WEIGHTS]),
}

CROSS: dict[str, Callable[[], Any]] = {
    "ce_search": lambda: ce_search(MSE, SearchOptions(1)),
    "CeEngine": lambda: CeEngine(MSE),
    "CeObjective": lambda: CeObjective(MSE),
    "ce_polish": lambda: ce_polish(MSE, WEIGHTS),
    "polish_logits": lambda: polish_logits(MSE, np.eye(4)),
    "best_scale": lambda: best_scale(DNC_LOGITS, MSE),
    "objective_ball": lambda: objective_ball(MSE, WEIGHTS),
}


@pytest.mark.parametrize("name", SQUARED)
def test_the_squared_loss_refuses_cross_entropy(name: str) -> None:
    with pytest.raises(ProblemError, match="needs loss 'mse', got 'ce'") as caught:
        SQUARED[name]()
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", CROSS)
def test_cross_entropy_refuses_the_squared_loss(name: str) -> None:
    with pytest.raises(ProblemError, match="'ce'.*got 'mse'"):
        CROSS[name]()
