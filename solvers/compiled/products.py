"""Small matrix products for Numba in register tiles, written as LLVM vector code.

A tile is as large as the registers of the processor hold: 8 rows x 16 columns with AVX-512 (32 registers of eight
numbers), 6 x 8 elsewhere (16 of four). Its shape never enters the result: every entry is one chain of fused
multiply-adds along the depth.

At 10 x 10 a BLAS call costs ten times the arithmetic; at 100 x 100 these tiles still reach the speed of the arithmetic
units, because everything fits the second-level cache. So there is no switch to BLAS (benchmarks/README.md).
"""

from typing import Any

from llvmlite import binding as llvm
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils, config

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


def _has_wide_registers() -> bool:
    """Whether programs are compiled for AVX-512; a value of NUMBA_CPU_FEATURES counts as it does for Numba."""
    stated = vars(config).get("CPU_FEATURES")
    if stated is not None:
        return "+avx512f" in stated.split(",")
    return bool(llvm.get_host_cpu_features().get("avx512f"))


TALL, VECTORS = (8, 2) if _has_wide_registers() else (6, 1)


def _band(height: int) -> Any:
    wide, narrow = _tile(height, VECTORS), _tile(height, 1)
    across = WIDTH * VECTORS

    def band(w, c, cr, a, ar, ak, b, br, columns, depth):
        j = 0
        while columns - j > across - WIDTH:
            wide(w, c + j, cr, a, ar, ak, b + j, br, depth, min(columns - j - (across - WIDTH), WIDTH))
            j += across
        if j < columns:
            narrow(w, c + j, cr, a, ar, ak, b + j, br, depth, columns - j)

    # Programs cached by different processes are linked by name: equal names would be taken for equal code.
    band.__qualname__ = f"_band{height}x{VECTORS}"
    return njit(nogil=True)(band)


_tall, _four, _two, _one = _band(TALL), _band(4), _band(2), _band(1)


@njit(nogil=True)
def product(w, c, cr, a, ar, ak, b, br, rows, columns, depth):
    """C = A B inside w: C (rows x columns, row stride cr), A (rows x depth, strides ar, ak), B (row stride br).

    Rows of B are read in whole vectors of eight, so up to seven numbers behind each row must exist; C is written
    exactly.
    """
    i = 0
    while rows - i >= TALL:
        _tall(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
        i += TALL
    if rows - i >= 4:
        _four(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
        i += 4
    if rows - i >= 2:
        _two(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
        i += 2
    if rows - i >= 1:
        _one(w, c + i * cr, cr, a + i * ar, ar, ak, b, br, columns, depth)
