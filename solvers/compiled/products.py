"""Small matrix products for Numba in register tiles of up to 8 rows x 16 columns, written as LLVM vector code.

At 10 x 10 a BLAS call costs ten times the arithmetic; at 100 x 100 these tiles still reach the speed of the arithmetic
units, because everything fits the second-level cache. So there is no switch to BLAS (benchmarks/README.md).
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils

from dufm.solvers.compiled.vectors import (
    INDEX,
    LANE,
    ROW,
    WIDTH,
    address,
    fma,
    index,
    load,
    spread,
    store,
    vector_code,
    zero_row,
)


def _tile(height: int, rows: int) -> Any:
    """Intrinsic for one register tile: `height` rows of C times `rows` vectors, the last with `keep` lanes stored."""

    @vector_code
    def tile(typing: Any, w: Any, c: Any, cr: Any, a: Any, ar: Any, ak: Any, b: Any, br: Any, depth: Any, keep: Any):
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            target, left, right = (address(context, builder, signature.args[0], args[0], args[i]) for i in (1, 3, 6))
            sums = [[zero_row(builder) for _ in range(rows)] for _ in range(height)]
            with cgutils.for_range(builder, args[8]) as loop:
                line = builder.mul(loop.index, args[7])
                values = [load(builder, right, builder.add(line, index(WIDTH * j))) for j in range(rows)]
                for i in range(height):
                    place = builder.add(builder.mul(args[4], index(i)), builder.mul(loop.index, args[5]))
                    factor = spread(builder, builder.load(builder.gep(left, [place])))
                    for j in range(rows):
                        builder.store(fma(builder, factor, values[j], builder.load(sums[i][j])), sums[i][j])
            lanes = ir.Constant(ir.VectorType(INDEX, WIDTH), list(range(WIDTH)))
            bound = builder.insert_element(ir.Constant(lanes.type, ir.Undefined), args[9], ir.Constant(LANE, 0))
            bound = builder.shuffle_vector(bound, bound, ir.Constant(ir.VectorType(LANE, WIDTH), [0] * WIDTH))
            mask = builder.icmp_signed("<", lanes, bound)
            kind = ir.FunctionType(ir.VoidType(), [ROW, ROW.as_pointer(), LANE, mask.type])
            masked = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.store.v8f64.p0")
            for i in range(height):
                start = builder.mul(args[2], index(i))
                for j in range(rows - 1):
                    store(builder, builder.load(sums[i][j]), target, builder.add(start, index(WIDTH * j)))
                last = builder.gep(target, [builder.add(start, index(WIDTH * (rows - 1)))])
                last = builder.bitcast(last, ROW.as_pointer())
                builder.call(masked, [builder.load(sums[i][-1]), last, ir.Constant(LANE, 8), mask])
            return context.get_dummy_value()

        return types.void(w, *[types.int64] * 9), emit

    return tile


def _band(height: int) -> Any:
    wide, narrow = _tile(height, 2), _tile(height, 1)

    def band(w, c, cr, a, ar, ak, b, br, columns, depth):
        j = 0
        while columns - j > 8:
            wide(w, c + j, cr, a, ar, ak, b + j, br, depth, min(columns - j - 8, 8))
            j += 16
        if j < columns:
            narrow(w, c + j, cr, a, ar, ak, b + j, br, depth, columns - j)

    # Programs cached by different processes are linked by name: equal names would be taken for equal code.
    band.__qualname__ = f"_band{height}"
    return njit(nogil=True)(band)


_band8, _band4, _band2, _band1 = _band(8), _band(4), _band(2), _band(1)


@njit(nogil=True)
def product(w, c, cr, a, ar, ak, b, br, rows, columns, depth):
    """C = A B inside w: C (rows x columns, row stride cr), A (rows x depth, strides ar, ak), B (row stride br).

    Rows of B are read in whole vectors of eight, so up to seven numbers behind each row must exist; C is written
    exactly.
    """
    i = 0
    while rows - i >= 8:
        _band8(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
        i += 8
    if rows - i >= 4:
        _band4(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
        i += 4
    if rows - i >= 2:
        _band2(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
        i += 2
    if rows - i >= 1:
        _band1(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
