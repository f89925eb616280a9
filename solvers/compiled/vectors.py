"""Vector instructions for Numba: streams over rows of eight float64, written as LLVM vector code.

Numba's loop vectoriser needs long loops; here rows have 8 to 32 entries. These intrinsics emit <8 x double> operations
themselves, so short loops run at the speed of the arithmetic units instead of the speed of loop set-up. Every argument
pair (array, offset) names a place in a flat float64 array. Nothing is checked: the callers own the layout.

Lanes of a vector never mix except in `dot` and `weighted_square`, whose order of summation is fixed by the length, so
results repeat bit for bit.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 8
DOUBLE = ir.DoubleType()
INDEX = ir.IntType(64)
LANE = ir.IntType(32)
ROW = ir.VectorType(DOUBLE, WIDTH)
# Lets LLVM fuse a product and a sum into one FMA; no reordering.
FUSE = ("contract",)


def vector_code(function: Callable[..., Any]) -> Any:
    """numba.extending.intrinsic, for type checkers: what it returns takes no typing context."""
    return intrinsic(function)


def index(value: int) -> ir.Constant:
    return ir.Constant(INDEX, value)


def address(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [offset])


def load(builder: Any, base: Any, offset: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(base, [offset]), ROW.as_pointer()), align=8)


def store(builder: Any, row: Any, base: Any, offset: Any) -> None:
    builder.store(row, builder.bitcast(builder.gep(base, [offset]), ROW.as_pointer()), align=8)


def spread(builder: Any, scalar: Any) -> Any:
    first = builder.insert_element(ir.Constant(ROW, ir.Undefined), scalar, ir.Constant(LANE, 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(LANE, WIDTH), [0] * WIDTH))


def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(builder.fmul(a, b, flags=FUSE), c, flags=FUSE)


def zero_row(builder: Any) -> Any:
    place = cgutils.alloca_once(builder, ROW)
    builder.store(ir.Constant(ROW, None), place)
    return place


def _total(builder: Any, row: Any, join: Callable[[Any, Any], Any]) -> Any:
    """Eight lanes joined as a balanced tree."""
    parts = [builder.extract_element(row, ir.Constant(LANE, i)) for i in range(WIDTH)]
    while len(parts) > 1:
        parts = [join(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _square_root(builder: Any, row: Any) -> Any:
    kind = ir.FunctionType(ROW, [ROW])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.sqrt.v8f64"), [row])


def _over_rows(builder: Any, length: Any, body: Callable[[Any], None], group: int = 1) -> None:
    """Emit body(offset) for every `group` rows of eight; `length` is a multiple of eight."""
    size = index(WIDTH * group)
    with cgutils.for_range(builder, builder.udiv(length, size)) as loop:
        body(builder.mul(loop.index, size))


def _reduction(builder: Any, length: Any, term: Callable[[Any, Any], Any], join: Any = None) -> Any:
    """Sum of term(offset, partial) over rows, in four partial sums so that additions overlap."""
    join = join or builder.fadd
    partial = [zero_row(builder) for _ in range(4)]

    def add(place: Any, offset: Any) -> None:
        builder.store(term(offset, builder.load(place)), place)

    def four(offset: Any) -> None:
        for i, place in enumerate(partial):
            add(place, builder.add(offset, index(WIDTH * i)))

    _over_rows(builder, length, four, group=4)
    done = builder.mul(builder.udiv(length, index(4 * WIDTH)), index(4 * WIDTH))
    _over_rows(builder, builder.sub(length, done), lambda offset: add(partial[0], builder.add(done, offset)))
    sums = [builder.load(place) for place in partial]
    return _total(builder, join(join(sums[0], sums[1]), join(sums[2], sums[3])), join)


@vector_code
def dot(typing: Any, a: Any, at: Any, b: Any, bt: Any, n: Any) -> Any:
    """Sum of a[at + i] b[bt + i] over i < n, n a multiple of eight."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        left = address(context, builder, signature.args[0], args[0], args[1])
        right = address(context, builder, signature.args[2], args[2], args[3])
        return _reduction(
            builder,
            args[4],
            lambda i, partial: fma(builder, load(builder, left, i), load(builder, right, i), partial),
        )

    return types.float64(a, types.int64, b, types.int64, types.int64), emit


@vector_code
def largest(typing: Any, a: Any, at: Any, n: Any) -> Any:
    """Greatest |a[at + i]| over i < n, n a multiple of eight; NaN entries are passed over."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = address(context, builder, signature.args[0], args[0], args[1])

        def join(a: Any, b: Any) -> Any:
            return builder.select(builder.fcmp_ordered(">", a, b), a, b)

        def term(i: Any, partial: Any) -> Any:
            row = load(builder, data, i)
            return join(join(row, builder.fneg(row)), partial)

        return _reduction(builder, args[2], term, join)

    return types.float64(a, types.int64, types.int64), emit


@vector_code
def add_scaled(typing: Any, y: Any, yt: Any, factor: Any, x: Any, xt: Any, n: Any) -> Any:
    """y[yt + i] += factor x[xt + i] for i < n, n a multiple of eight."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = address(context, builder, signature.args[0], args[0], args[1])
        source = address(context, builder, signature.args[3], args[3], args[4])
        factor = spread(builder, args[2])

        def body(i: Any) -> None:
            row = fma(builder, factor, load(builder, source, i), load(builder, target, i))
            store(builder, row, target, i)

        _over_rows(builder, args[5], body)
        return context.get_dummy_value()

    return types.void(y, types.int64, types.float64, x, types.int64, types.int64), emit


@vector_code
def set_scaled(typing: Any, y: Any, yt: Any, factor: Any, x: Any, xt: Any, n: Any) -> Any:
    """y[yt + i] = factor x[xt + i] for i < n, n a multiple of eight."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = address(context, builder, signature.args[0], args[0], args[1])
        source = address(context, builder, signature.args[3], args[3], args[4])
        factor = spread(builder, args[2])
        _over_rows(
            builder,
            args[5],
            lambda i: store(builder, builder.fmul(factor, load(builder, source, i)), target, i),
        )
        return context.get_dummy_value()

    return types.void(y, types.int64, types.float64, x, types.int64, types.int64), emit


@vector_code
def multiply(typing: Any, y: Any, yt: Any, x: Any, xt: Any, n: Any) -> Any:
    """y[yt + i] *= x[xt + i] for i < n, n a multiple of eight."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = address(context, builder, signature.args[0], args[0], args[1])
        source = address(context, builder, signature.args[2], args[2], args[3])

        def body(i: Any) -> None:
            store(builder, builder.fmul(load(builder, target, i), load(builder, source, i)), target, i)

        _over_rows(builder, args[4], body)
        return context.get_dummy_value()

    return types.void(y, types.int64, x, types.int64, types.int64), emit


@vector_code
def weighted_square(typing: Any, w: Any, gt: Any, xt: Any, st: Any, n: Any) -> Any:
    """Add the gradient s x to g and return the sum of s x^2; g, x and s start at w[gt], w[xt], w[st]."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        gradient, point, strength = (address(context, builder, signature.args[0], args[0], args[i]) for i in (1, 2, 3))

        def term(i: Any, partial: Any) -> Any:
            x = load(builder, point, i)
            pull = builder.fmul(load(builder, strength, i), x)
            store(builder, builder.fadd(load(builder, gradient, i), pull), gradient, i)
            return fma(builder, pull, x, partial)

        return _reduction(builder, args[4], term)

    return types.float64(w, types.int64, types.int64, types.int64, types.int64), emit


def _rectifier(builder: Any, value: Any, slope: Any, eps: Any, n: Any, below: Any = None) -> None:
    """relu_eps(z) and its derivative over rows of eight; with `below` those of below z + (1 - below) relu_eps(z)."""
    zero, one, half = (spread(builder, ir.Constant(DOUBLE, c)) for c in (0.0, 1.0, 0.5))
    square = spread(builder, builder.fmul(eps, eps))
    leaky = below is not None
    low = spread(builder, below) if leaky else zero
    rest = builder.fsub(one, low) if leaky else one

    def smooth(i: Any) -> None:
        z = load(builder, value, i)
        root = _square_root(builder, fma(builder, z, z, square))
        v = builder.fmul(half, builder.fadd(z, root))
        s = builder.fmul(half, builder.fadd(one, builder.fdiv(z, root)))
        store(builder, fma(builder, rest, v, builder.fmul(low, z)) if leaky else v, value, i)
        store(builder, fma(builder, rest, s, low) if leaky else s, slope, i)

    def sharp(i: Any) -> None:
        z = load(builder, value, i)
        positive = builder.fcmp_ordered(">", z, zero)
        # NaN must stay NaN: it marks a lane that broke down.
        negative = builder.fcmp_ordered("<=", z, zero)
        store(builder, builder.select(negative, builder.fmul(low, z) if leaky else zero, z), value, i)
        store(builder, builder.select(positive, one, low), slope, i)

    with builder.if_else(builder.fcmp_ordered("==", eps, ir.Constant(DOUBLE, 0.0))) as (then, otherwise):
        with then:
            _over_rows(builder, n, sharp)
        with otherwise:
            _over_rows(builder, n, smooth)


@vector_code
def rectify(typing: Any, w: Any, zt: Any, st: Any, eps: Any, n: Any) -> Any:
    """Replace z by relu_eps(z) and write its derivative at w[st]; as objectives.layers.relu_and_slope, eps = 0 too."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value, slope = (address(context, builder, signature.args[0], args[0], args[i]) for i in (1, 2))
        _rectifier(builder, value, slope, args[3], args[4])
        return context.get_dummy_value()

    return types.void(w, types.int64, types.int64, types.float64, types.int64), emit


@vector_code
def leak(typing: Any, w: Any, zt: Any, st: Any, eps: Any, below: Any, n: Any) -> Any:
    """Replace z by below z + (1 - below) relu_eps(z) and write its derivative at w[st]; eps = 0 too."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value, slope = (address(context, builder, signature.args[0], args[0], args[i]) for i in (1, 2))
        _rectifier(builder, value, slope, args[3], args[5], args[4])
        return context.get_dummy_value()

    return types.void(w, types.int64, types.int64, types.float64, types.float64, types.int64), emit


@vector_code
def transpose_block(typing: Any, w: Any, at: Any, a_row: Any, bt: Any, b_row: Any) -> Any:
    """Write the transpose of the 8 x 8 block at w[at] (row stride a_row) to w[bt] (row stride b_row)."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, target = (address(context, builder, signature.args[0], args[0], args[i]) for i in (1, 3))
        rows = [load(builder, source, builder.mul(args[2], index(i))) for i in range(WIDTH)]
        low, high = (
            ir.Constant(ir.VectorType(LANE, WIDTH), [half + i // 2 + WIDTH * (i % 2) for i in range(WIDTH)])
            for half in (0, WIDTH // 2)
        )
        # Three perfect shuffles of eight rows transpose them.
        for _ in range(3):
            rows = [
                builder.shuffle_vector(rows[i], rows[i + WIDTH // 2], mask)
                for i in range(WIDTH // 2)
                for mask in (low, high)
            ]
        for i, row in enumerate(rows):
            store(builder, row, target, builder.mul(args[4], index(i)))
        return context.get_dummy_value()

    return types.void(w, types.int64, types.int64, types.int64, types.int64), emit
