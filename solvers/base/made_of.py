"""What a compiled program is made of, as one digest: its code, and all that this code reaches through names.

Followed are functions, compiled functions, Numba intrinsics (which generate machine code and have no code object of
their own), closures, defaults, classes, modules of this package, and constants. Other packages count by name and
version. What is met and cannot be told raises: a part that is passed over would be a change that is not run.
"""

import hashlib
import platform
import sys
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any

import numpy as np

OURS = __name__.partition(".")[0]
PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...))


def made_of(function: Callable[..., Any]) -> str:
    """A digest (hexadecimal) that changes with anything the loaded function is made of.

    Raises:
        TypeError: naming a part that cannot be told.
    """
    walk = _Walk(getattr(function, "__module__", "") or "")
    walk.take(function, getattr(function, "__name__", "function"))
    seen = hashlib.sha256("\n".join((platform.python_version(), _version("llvmlite"), *walk.lines)).encode())
    return seen.hexdigest()


def parts_of(function: Callable[..., Any]) -> list[Any]:
    """The parts that `made_of` looks at: functions, modules' values and what they are made of."""
    walk = _Walk("")
    walk.take(function, "function")
    return list(walk.parts.values())


def _version(package: str) -> str:
    return f"{package} {getattr(sys.modules.get(package), '__version__', 'of Python')}"


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _constant(value: Any) -> str:
    # A set has no order of its own.
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _instructions(code: CodeType) -> tuple[Any, ...]:
    consts = tuple(_instructions(c) if isinstance(c, CodeType) else _constant(c) for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, consts


class _Walk:
    """Collects one line a part; `home` is the module of the root, which counts as ours whatever its package."""

    def __init__(self, home: str) -> None:
        self.lines: list[str] = []
        self._home = home
        self.parts: dict[int, Any] = {}

    def _ours(self, module: str | None) -> bool:
        return module is not None and (module.partition(".")[0] == OURS or module == self._home)

    def take(self, part: Any, name: str) -> None:
        """Add a part, met under that name, and what it reaches."""
        if isinstance(part, PLAIN):
            self.lines.append(f"{name} = {part!r}")
            return
        if id(part) in self.parts:
            return
        self.parts[id(part)] = part
        if isinstance(part, tuple | list | frozenset | set):
            for i, item in enumerate(sorted(part, key=repr) if isinstance(part, frozenset | set) else part):
                self.take(item, f"{name}[{i}]")
        elif isinstance(part, dict):
            for key, item in part.items():
                self.take(item, f"{name}[{key!r}]")
        elif hasattr(part, "py_func"):
            self.lines.append(f"{name} compiled with {sorted(getattr(part, 'targetoptions', {}).items())}")
            self.take(part.py_func, name)
        elif hasattr(part, "_defn"):
            self.take(part._defn, name)
        elif hasattr(part, "__wrapped__") and not isinstance(part, FunctionType):
            self.take(part.__wrapped__, name)
        elif isinstance(part, FunctionType):
            self._function(part, name)
        elif isinstance(part, MethodType):
            self.take(part.__func__, name)
            self.take(part.__self__, name)
        elif isinstance(part, ModuleType):
            self.lines.append(f"{name} is {part.__name__}, {self._origin(part.__name__)}")
        elif isinstance(part, type):
            self._class(part, name)
        elif isinstance(part, BuiltinFunctionType | MethodDescriptorType | property | staticmethod | classmethod):
            self.lines.append(f"{name} is {part!r}".partition(" at 0x")[0])
        elif not self._ours(type(part).__module__) and type(part).__module__.partition(".")[0] in sys.modules:
            # Values of other packages: types of LLVM and Numba, arrays, ufuncs; they say what they are.
            text = f"{part.dtype} {part.shape} {part.tobytes().hex()}" if isinstance(part, np.ndarray) else str(part)
            if " at 0x" in text:
                raise TypeError(f"cannot tell what {name} is made of: {text}")
            self.lines.append(f"{name} = {text} ({self._origin(type(part).__module__)})")
        else:
            raise TypeError(f"cannot tell what {name} is made of: {part!r}")

    def _origin(self, module: str) -> str:
        package = module.partition(".")[0]
        return "ours" if self._ours(module) else _version(package)

    def _function(self, function: FunctionType, name: str) -> None:
        if not self._ours(function.__module__):
            self.lines.append(f"{name} is {function.__qualname__}, {self._origin(function.__module__)}")
            return
        self.lines.append(f"{name}: {_instructions(function.__code__)}")
        self.take(function.__defaults__, f"{name} defaults")
        self.take(function.__kwdefaults__, f"{name} defaults")
        for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.take(cell.cell_contents, f"{name}.{free}")
        known = sorted(set(_names(function.__code__)))
        for global_name in known:
            if global_name in function.__globals__:
                value = function.__globals__[global_name]
                self.take(value, global_name)
                self._attributes(value, known, global_name)

    def _attributes(self, module: Any, names: list[str], name: str) -> None:
        """Add what code with those names can reach in a module of ours, and in modules within it."""
        if isinstance(module, ModuleType) and self._ours(module.__name__):
            for attribute in names:
                value = vars(module).get(attribute)
                if value is not None:
                    self.take(value, f"{name}.{attribute}")
                    self._attributes(value, [n for n in names if n != attribute], f"{name}.{attribute}")

    def _class(self, kind: type, name: str) -> None:
        self.lines.append(f"{name} is class {kind.__qualname__}, {self._origin(kind.__module__)}")
        if self._ours(kind.__module__):
            for attribute, value in sorted(vars(kind).items()):
                if not attribute.startswith("__") or attribute == "__init__":
                    self.take(value, f"{name}.{attribute}")
