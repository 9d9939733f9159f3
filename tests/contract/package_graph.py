"""Prints how the parts of each package import one another: `python -m tests.contract.package_graph [ROOT]`.

A part is a module or a folder directly below a package; the parts of `domain` count as parts of their service.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("services/policy", "services/reporting", "services/roster", "services/attendance", "shared", "deploy")
Imports = Mapping[str, frozenset[str]]


class Figures(NamedTuple):
    """Parts of a package, parts in its longest chain of imports (None: a circle), imports between two parts."""

    parts: int
    levels: int | None
    imports: int


def figures(root: Path, package: str) -> Figures:
    """Count the parts of one package."""
    imports = imports_between_parts(root, package)
    return Figures(len(imports), levels(imports), sum(map(len, imports.values())))


def levels(imports: Imports) -> int | None:
    """Return the number of parts in the longest chain of imports, None if parts import one another in a circle."""
    level: dict[str, int] = {}
    with suppress(CycleError):
        for part in TopologicalSorter(imports).static_order():
            level[part] = 1 + max((level[imported] for imported in imports[part]), default=0)
        return max(level.values(), default=0)
    return None


def imports_between_parts(root: Path, package: str) -> Imports:
    """Return, for each part of a package, the other parts of it that it imports."""
    imports: dict[str, set[str]] = {}
    for path in sorted((root / package).rglob("*.py")):
        module = str(path.relative_to(root).with_suffix("")).replace("/", ".")
        if not module.endswith("__init__") and (part := part_of(module, package)):
            imported = {part_of(name, package) for name in imported_modules(path)}
            imports.setdefault(part, set()).update(name for name in imported if name and name != part)
    return {part: frozenset(names & imports.keys()) for part, names in imports.items()}


def part_of(module: str, package: str) -> str | None:
    """Return the part of `package` that a module lies in, None if it lies elsewhere."""
    prefix = package.replace("/", ".") + "."
    if not module.startswith(prefix):
        return None
    first, *rest = module.removeprefix(prefix).split(".")
    return f"{first}.{rest[0]}" if first == "domain" and rest else first


def imported_modules(path: Path) -> Iterator[str]:
    """Yield every module, and every name of a module, that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
    print("package              parts  levels  imports")
    for name in PACKAGES:
        parts, longest, imports = figures(folder, name)
        print(f"{name:20} {parts:5}  {longest or 'circle':>6}  {imports:7}")
