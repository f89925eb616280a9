"""Two vector instructions for SGD steps: a product with a matrix in columns, and one pass over a column of a layer.

As solvers.compiled.vectors, whose parts they are made of: rows of eight float64, nothing is checked, the caller owns
the layout. One pass reads, moves and writes a column while it is in a register, which halves the time of a step.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from dufm.solvers.compiled.vectors import LANE, WIDTH, address, fma, index, load, spread, store, vector_code, zero_row


def _sum(builder: Any, row: Any) -> Any:
    """Eight lanes as a balanced tree, so the order is fixed."""
    parts = [builder.extract_element(row, ir.Constant(LANE, i)) for i in range(WIDTH)]
    while len(parts) > 1:
        parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


@vector_code
def combine(typing: Any, y: Any, yt: Any, w: Any, at: Any, n: Any, ft: Any, count: Any) -> Any:
    """y[yt + i] = sum over c < count of y[ft + c] w[at + c n + i], for i < n, n a multiple of eight."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = address(context, builder, signature.args[0], args[0], args[1])
        matrix = address(context, builder, signature.args[2], args[2], args[3])
        factors = address(context, builder, signature.args[0], args[0], args[5])
        rows, count = args[4], args[6]
        with cgutils.for_range(builder, builder.udiv(rows, index(WIDTH))) as block:
            offset = builder.mul(block.index, index(WIDTH))
            total = zero_row(builder)
            with cgutils.for_range(builder, count) as column:
                factor = spread(builder, builder.load(builder.gep(factors, [column.index])))
                place = builder.add(builder.mul(column.index, rows), offset)
                builder.store(fma(builder, factor, load(builder, matrix, place), builder.load(total)), total)
            store(builder, builder.load(total), target, offset)
        return context.get_dummy_value()

    return types.void(y, types.int64, w, types.int64, types.int64, types.int64, types.int64), emit


@vector_code
def move_column(typing: Any, w: Any, at: Any, keep: Any, push: Any, u: Any, ut: Any, n: Any) -> Any:
    """The sum of w[at + i] u[ut + i] over i < n; then w[at + i] = keep w[at + i] + push u[ut + i]. n as above."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        column = address(context, builder, signature.args[0], args[0], args[1])
        other = address(context, builder, signature.args[4], args[4], args[5])
        keep, push = spread(builder, args[2]), spread(builder, args[3])
        total = zero_row(builder)
        with cgutils.for_range(builder, builder.udiv(args[6], index(WIDTH))) as block:
            offset = builder.mul(block.index, index(WIDTH))
            old, along = load(builder, column, offset), load(builder, other, offset)
            builder.store(fma(builder, old, along, builder.load(total)), total)
            store(builder, fma(builder, push, along, builder.fmul(keep, old)), column, offset)
        return _sum(builder, builder.load(total))

    numbers = (types.int64, types.float64, types.float64)
    return types.float64(w, *numbers, u, types.int64, types.int64), emit
