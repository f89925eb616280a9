"""Tensors of a file that `torch.save` wrote, without PyTorch and without running what the file says.

The file is a zip: `NAME/data.pkl` is a pickle, `NAME/data/0`, ... are the numbers. A pickle is a program. Here it is
read one instruction at a time (`pickletools.genops`, which only decodes) by a machine that knows twenty of them and two
functions, those that rebuild a tensor and a parameter; whatever else a file names is refused by that name. No class of
the file is ever imported or called. Keys are text or integers, so that nothing built to be slow has to be hashed.
"""

import io
import pickletools
import zipfile
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from dufm.solvers.weight_files.limits import MOST_ARRAYS, Allowance

Order = Literal["<", ">"]
MOST_PICKLE = 8 << 20
MOST_STEPS = 10**6
DTYPES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
DICTS = {("collections", "OrderedDict"), ("builtins", "dict"), ("__builtin__", "dict")}
TENSORS = {("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2")}
PARAMETERS = {("torch._utils", "_rebuild_parameter")}
KEPT_VALUES = ("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT")
KEPT_VALUES += ("BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING")
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
ADVICE = "save the tensors alone, torch.save(model.state_dict(), FILE)"


class Name(NamedTuple):
    """A name of something in a module; only ever compared."""

    module: str
    name: str


class Numbers(NamedTuple):
    """A storage: its raw numbers, not yet read into a shape."""

    values: np.ndarray


_MARK = object()


def read_torch(content: bytes) -> dict[str, np.ndarray]:
    """Arrays by name, those of inner dictionaries and lists with dots between the names.

    Raises:
        ValueError: for what is no such file, and whatever a file names that is no tensor.
        zipfile.BadZipFile: for what is no archive.
    """
    archive = zipfile.ZipFile(io.BytesIO(content))
    pickles = [info for info in archive.infolist() if info.filename.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        raise ValueError("no data.pkl: not written by torch.save since PyTorch 1.6")
    folder = pickles[0].filename.removesuffix("data.pkl")
    allowance, order = Allowance(), _byte_order(archive, folder)
    storages: dict[str, Numbers] = {}

    def storage(identity: Any) -> Numbers:
        fits = isinstance(identity, tuple) and len(identity) == 5 and identity[0] == "storage"
        if not fits or not isinstance(identity[1], Name) or not isinstance(identity[2], str):
            raise ValueError("a storage that torch.save does not write")
        kind, key = identity[1].name, identity[2]
        if kind not in DTYPES or identity[1].module != "torch":
            raise ValueError(f"numbers of kind {'.'.join(identity[1])}")
        # One key is one storage, however often and as whatever it is asked for.
        if (found := storages.get(f"{kind} {key}")) is None:
            found = storages[f"{kind} {key}"] = _read(archive, f"{folder}data/{key}", kind, order, allowance)
        return found

    found: dict[str, np.ndarray] = {}
    _gather(_run(_member(archive, pickles[0], MOST_PICKLE), storage, allowance), "", found)
    return found


def _byte_order(archive: zipfile.ZipFile, folder: str) -> Order:
    if f"{folder}byteorder" not in archive.namelist():
        return "<"
    word = _member(archive, archive.getinfo(f"{folder}byteorder"), 16)
    if word not in (b"little", b"big"):
        raise ValueError(f"byte order {word!r}")
    return "<" if word == b"little" else ">"


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """A part of the archive; torch.save packs nothing, so what is packed cannot be unpacked into more than is there."""
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.file_size > most:
        raise ValueError(f"{info.filename!r:.60} is packed, or larger than {most} bytes")
    return archive.read(info)


def _read(archive: zipfile.ZipFile, name: str, kind: str, order: Order, allowance: Allowance) -> Numbers:
    if name not in archive.namelist():
        raise ValueError(f"{name!r:.60} is missing")
    dtype = DTYPES[kind]
    half = dtype == "bf16"
    wanted = np.dtype("u2" if half else dtype).newbyteorder(order)
    info = archive.getinfo(name)
    allowance.take(name, (info.file_size // wanted.itemsize,))
    raw = np.frombuffer(_member(archive, info, info.file_size), wanted)
    return Numbers((raw.astype(np.uint32) << 16).view(np.float32) if half else raw)


def _run(program: bytes, storage: Callable[[Any], Numbers], allowance: Allowance) -> Any:
    """The value a pickle describes: dictionaries, lists, numbers, text, arrays; ValueError for anything else."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}

    def pop() -> Any:
        if not stack or stack[-1] is _MARK:
            raise ValueError("a broken pickle")
        return stack.pop()

    def marked() -> list[Any]:
        at = max((i for i, value in enumerate(stack) if value is _MARK), default=-1)
        if at < 0:
            raise ValueError("a broken pickle")
        found = stack[at + 1 :]
        del stack[at:]
        return found

    for step, (code, argument, _) in enumerate(pickletools.genops(program)):
        name = code.name
        if step >= MOST_STEPS:
            raise ValueError(f"a pickle of more than {MOST_STEPS} steps")
        if name in ("PROTO", "FRAME"):
            continue
        if name == "STOP":
            return pop()
        if name == "MARK":
            stack.append(_MARK)
        elif name in KEPT_VALUES:
            stack.append(CONSTANTS.get(name, argument))
        elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"):
            stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            value = pop()
            stack.append(value)
            memo[int(argument or 0)] = value
        elif name == "MEMOIZE":
            value = pop()
            stack.append(value)
            memo[len(memo)] = value
        elif name in ("BINGET", "LONG_BINGET"):
            if (place := int(argument or 0)) not in memo:
                raise ValueError("a broken pickle")
            stack.append(memo[place])
        elif name == "TUPLE":
            stack.append(tuple(marked()))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(reversed([pop() for _ in range(int(name[-1]))])))
        elif name in ("APPEND", "APPENDS"):
            more = marked() if name == "APPENDS" else [pop()]
            _expect(stack, list).extend(more)
        elif name in ("SETITEM", "SETITEMS"):
            more = marked() if name == "SETITEMS" else list(reversed([pop(), pop()]))
            _fill(_expect(stack, dict), more)
        elif name == "GLOBAL":
            stack.append(Name(*str(argument).split(" ", 1)))
        elif name == "STACK_GLOBAL":
            own, module = pop(), pop()
            stack.append(Name(str(module), str(own)))
        elif name == "BINPERSID":
            stack.append(storage(pop()))
        elif name == "REDUCE":
            given, called = pop(), pop()
            stack.append(_called(called, given, allowance))
        elif name == "BUILD":
            # What a state dict says of its modules' versions.
            pop()
            _expect(stack, dict)
        else:
            raise ValueError(f"it makes an object ({name}) that is no tensor, and is not run; {ADVICE}")
    raise ValueError("a broken pickle")


def _expect(stack: list[Any], kind: type) -> Any:
    if not stack or type(stack[-1]) is not kind:
        raise ValueError("a broken pickle")
    return stack[-1]


def _fill(own: dict[Any, Any], pairs: list[Any]) -> None:
    if len(pairs) % 2 or not all(type(key) in (str, int) for key in pairs[::2]):
        raise ValueError("a dictionary whose keys are no text")
    own.update(zip(pairs[::2], pairs[1::2], strict=True))


def _called(called: Any, given: Any, allowance: Allowance) -> Any:
    if not isinstance(called, Name) or type(given) is not tuple:
        raise ValueError("a call of something that has no name")
    if tuple(called) in DICTS and not given:
        return {}
    if tuple(called) in PARAMETERS and given and isinstance(given[0], np.ndarray):
        return given[0]
    if tuple(called) in TENSORS and len(given) >= 4 and isinstance(given[0], Numbers):
        return _tensor(given[0].values, given[1], given[2], given[3], allowance)
    raise ValueError(f"it names {'.'.join(called)!r:.80}, which is no tensor and is not run; {ADVICE}")


def _tensor(values: np.ndarray, offset: Any, shape: Any, strides: Any, allowance: Allowance) -> np.ndarray:
    """An array of its own: a view may ask for the same number very often."""
    if type(shape) is not tuple or type(strides) is not tuple or len(shape) != len(strides):
        raise ValueError("a tensor without a shape")
    count = allowance.take("a tensor", shape)
    whole = all(type(x) is int and x >= 0 for x in (offset, *strides))
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True)) if whole else 0
    if not whole or (count and last >= len(values)):
        raise ValueError("a tensor that reaches beyond its storage")
    if not count:
        return np.zeros(shape, values.dtype)
    steps = [stride * values.itemsize for stride in strides]
    return np.array(np.lib.stride_tricks.as_strided(values[offset:], shape, steps, writeable=False))


def _gather(value: Any, name: str, found: dict[str, np.ndarray], depth: int = 0) -> None:
    """Put every array below a value into `found`; numbers and text on the way are passed over."""
    if isinstance(value, np.ndarray):
        if name in found or len(found) >= MOST_ARRAYS:
            raise ValueError(f"a name twice, {name!r:.60}, or more than {MOST_ARRAYS} tensors")
        found[name] = value
    elif isinstance(value, (dict, list)) or type(value) is tuple:
        if depth > 8:
            raise ValueError("dictionaries more than eight deep")
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, own in inner:
            _gather(own, f"{name}.{key}" if name else str(key), found, depth + 1)
