"""optax.lbfgs under vmap and jit; None where JAX or optax is not installed. Float64 on the CPU."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import MEMORY
from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared import Objective
from dufm.theory.problem import Problem


def available() -> bool:
    """Whether both packages can be imported."""
    return all(importlib.util.find_spec(name) is not None for name in ("jax", "optax"))


def optax_lbfgs(problem: Problem) -> Callable[[Array, float, float, int], tuple[Array, Array]]:
    """A stage as in peers; compiles once for every number of descents."""
    jax: Any = importlib.import_module("jax")
    optax: Any = importlib.import_module("optax")
    jax.config.update("jax_enable_x64", True)
    jnp, lambdas, shapes = jax.numpy, Objective(problem).lambdas, problem.shapes[:-1]
    ends = np.cumsum([a * b for a, b in shapes])

    def value(x: Any, eps: Any) -> Any:
        factors = [x[e - a * b : e].reshape(a, b) for e, (a, b) in zip(ends, shapes, strict=True)]
        top = factors[0]
        for w in factors[1:]:
            z = w @ top
            top = 0.5 * (z + jnp.sqrt(z * z + eps * eps))
        inverse = jnp.linalg.inv(top.T @ top + problem.K * lambdas[-1] * jnp.eye(problem.K))
        squares = sum(s * jnp.sum(w * w) for s, w in zip(lambdas, factors, strict=False))
        return 0.5 * (lambdas[-1] * jnp.trace(inverse) + squares)

    def descent(x: Any, eps: Any, tolerance: Any, steps: Any) -> Any:
        solver = optax.lbfgs(memory_size=MEMORY)

        def loss(point: Any) -> Any:
            return value(point, eps)

        both = optax.value_and_grad_from_state(loss)

        def step(carry: Any) -> Any:
            point, state, count, _ = carry
            f, g = both(point, state=state)
            updates, state = solver.update(g, state, point, value=f, grad=g, value_fn=loss)
            after = optax.tree.get(state, "grad")
            return optax.apply_updates(point, updates), state, count + 1, jnp.max(jnp.abs(after))

        def going(carry: Any) -> Any:
            return (carry[2] < steps) & (carry[3] > tolerance)

        point = jax.lax.while_loop(going, step, (x, solver.init(x), 0, jnp.inf))[0]
        return value(point, eps), point

    run = jax.jit(jax.vmap(descent, in_axes=(0, None, None, None)))

    def stage(field: Array, eps: float, tolerance: float, steps: int) -> tuple[Array, Array]:
        values, points = run(field, eps, tolerance, steps)
        return np.asarray(values), np.asarray(points)

    return stage
