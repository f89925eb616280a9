"""python -m benchmarks [--quick] [--only a|b|c|p|t|d|r|j|s]: the tables of README.md, measured now on one core."""

import argparse
import os

# Before NumPy is imported: fixes the threads of its BLAS, or it would use all cores and the ratios would mean nothing.
import dufm  # noqa: F401

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from benchmarks import agop, jumps, portfolio, rank_two, sizes, tables  # noqa: E402


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer starts and shorter budgets")
    parser.add_argument(
        "--only",
        choices=list("abcptdrjs"),
        help="one table: engines, target, growth, start recipes, threads, AGOP, training, chains, sizes",
    )
    parser.add_argument(
        "--peer-seconds", type=float, help="most CPU seconds of the slow peer in table b, to bound its rare hits"
    )
    options = parser.parse_args()
    work = {
        "a": tables.engines,
        "b": lambda quick: tables.to_target(quick, options.peer_seconds),
        "c": tables.growth,
        "p": portfolio.table,
        "t": lambda quick: tables.threads(),
        "d": agop.table,
        "r": rank_two.rank_two,
        "j": jumps.chain_steps,
        "s": sizes.table,
    }
    for name, table in work.items():
        if options.only in (None, name):
            table(options.quick)


main()
