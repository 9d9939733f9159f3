"""Finds what the program of an image imports, also inside functions, without running it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOTS = frozenset({"services", "shared", "deploy"})


def packages_outside_piket(root: Path, entry: str) -> frozenset[str]:
    """Return the top packages outside Piket and the standard library that a module and all that it imports need."""
    pending, seen, outside = [entry], set[str](), set[str]()
    while pending:
        module = pending.pop()
        if module in seen:
            continue
        seen.add(module)
        for name in _imports(_file(root, module)):
            top = name.partition(".")[0]
            if top in ROOTS:
                pending += _modules(root, name)
            elif top not in sys.stdlib_module_names:
                outside.add(top)
    return frozenset(outside)


def _modules(root: Path, name: str) -> Iterator[str]:
    """Yield the module of a dotted name, which may end in a name of that module, and the packages around it."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        module = ".".join(parts[:length])
        if _file(root, module).exists():
            yield module


def _file(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(file: Path) -> Iterator[str]:
    pending: list[ast.AST] = [ast.parse(file.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        pending += ast.iter_child_nodes(node)
