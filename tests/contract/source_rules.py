"""Finds what breaks the rules of CONTRIBUTING for types, sizes and packages, one line for each finding."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.contract.source_tree import Source, TextFile, documents_and_code, sources
from tests.contract.word_rules import archaisms, banned_names, packages_without_sentence

MAX_FILE_LINES = 200
MAX_TEST_LINES = 400
"""Tests may be longer: a table of cases is read row by row."""
MAX_FUNCTION_LINES = 30
MAX_MODULES = 8

REUSABLE_NAMES = frozenset({"State"})
"""Every decider has a `State`; services never import one another, so no reader meets two of them."""

PACKAGES_WITH_MORE_MODULES: Mapping[str, int] = {
    "shared/web": 12,  # one module for each public noun of HTTP
    "deploy/simulation": 9,
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def violations(root: Path) -> list[str]:
    """Return all findings below `root`."""
    files, text_files = sources(root), documents_and_code(root)
    return [
        *repeated_type_names(files),
        *banned_names(files),
        *long_files(text_files),
        *long_functions(files),
        *large_packages(files),
        *packages_without_sentence(files),
        *archaisms(text_files),
    ]


def repeated_type_names(files: list[Source]) -> Iterator[str]:
    """Find public classes and type aliases that are defined twice, in one module or in two."""
    modules: dict[str, list[str]] = defaultdict(list)
    for source in files:
        for name in (*_public_classes(source.tree), *_type_aliases(source.tree.body)):
            modules[name].append(source.path)
    for name, paths in sorted(modules.items()):
        if len(paths) > 1 and name not in REUSABLE_NAMES:
            yield f"type {name} is defined in {', '.join(paths)}"


def _public_classes(tree: ast.Module) -> Iterator[str]:
    """Yield the public classes of a module, also those inside a block or another class."""
    yield from (n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and not n.name.startswith("_"))


def _type_aliases(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names in CamelCase that a module assigns, also inside `if`, `try` and `with`."""
    for node in body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name):
                    yield name
            case ast.If() | ast.Try() | ast.With():
                for block in ("body", "orelse", "finalbody"):
                    yield from _type_aliases(getattr(node, block, []))
                for handler in getattr(node, "handlers", []):
                    yield from _type_aliases(handler.body)


def long_files(files: list[TextFile]) -> Iterator[str]:
    """Find Python files that cannot be read at one sitting."""
    for file in files:
        lines = len(file.text.splitlines())
        if file.path.endswith(".py") and lines > (MAX_TEST_LINES if file.path.startswith("tests/") else MAX_FILE_LINES):
            yield f"{file.path} has {lines} lines"


def long_functions(files: list[Source]) -> Iterator[str]:
    """Find functions over the limit, decorators not counted."""
    for source in files:
        for node in ast.walk(source.tree):
            if isinstance(node, Function) and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > (
                MAX_FUNCTION_LINES
            ):
                yield f"{source.path}:{node.lineno} {node.name} has {lines} lines"


def large_packages(files: list[Source]) -> Iterator[str]:
    """Find packages with more modules than a reader keeps in mind."""
    modules: dict[str, int] = defaultdict(int)
    for source in files:
        modules[source.package] += not source.path.endswith(("/__init__.py", "/__main__.py"))
    for package, count in sorted(modules.items()):
        if count > PACKAGES_WITH_MORE_MODULES.get(package, MAX_MODULES):
            yield f"{package} has {count} modules"
