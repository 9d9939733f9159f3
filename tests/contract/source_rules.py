"""Reads the source tree with `ast` and returns what breaks the rules of CONTRIBUTING, one line for each finding."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOTS = ("services", "shared", "deploy")
MAX_FILE_LINES = 200
MAX_FUNCTION_LINES = 30
MAX_MODULES = 8

REUSABLE_NAMES = frozenset({"State"})
"""Every decider has a `State`; services never import one another, so no reader meets two of them."""

BANNED_NAMES = frozenset(
    {
        *("asked", "books", "course", "desk", "each", "faults", "found", "gave", "giver", "giving", "hear", "heard"),
        *("other", "own", "said", "say", "seen", "shown", "speak", "standing", "stands", "stranger", "tell", "there"),
        *("told", "whole", "words"),
    }
)
"""Names that say nothing about what they hold or do."""

ARCHAISMS = re.compile(r"\b(anew|for ever|needs? not|of itself|once more|whoever|whomever)\b", re.IGNORECASE)
"""Words that a colleague who learnt English from documentation must look up."""

PACKAGES_WITH_MORE_MODULES: Mapping[str, int] = {
    "shared/web": 12,  # one module for each public noun of HTTP
    "deploy/simulation": 9,
}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One Python file: its path below the root, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module


def sources(root: Path) -> list[Source]:
    """Return every Python file of `services`, `shared` and `deploy` below `root`, sorted by path."""
    paths = sorted(path for name in ROOTS for path in (root / name).rglob("*.py"))
    texts = [(str(path.relative_to(root)), path.read_text()) for path in paths]
    return [Source(path, text, ast.parse(text)) for path, text in texts]


def violations(root: Path) -> list[str]:
    """Return all findings below `root`."""
    files = sources(root)
    return [
        *repeated_type_names(files),
        *banned_names(files),
        *long_files(files),
        *long_functions(files),
        *large_packages(files),
        *packages_without_sentence(files),
        *archaisms(files),
    ]


def repeated_type_names(files: list[Source]) -> Iterator[str]:
    """Find public classes and type aliases that two modules define under one name."""
    modules: dict[str, list[str]] = defaultdict(list)
    for source in files:
        for name in _public_types(source.tree):
            modules[name].append(source.path)
    for name, paths in sorted(modules.items()):
        if len(paths) > 1 and name not in REUSABLE_NAMES:
            yield f"type {name} is defined in {', '.join(paths)}"


def _public_types(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Assign(targets=[ast.Name(id=name)]):
                pass
            case _:
                continue
        if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name):
            yield name


def banned_names(files: list[Source]) -> Iterator[str]:
    """Find functions, classes and parameters whose name says nothing (CONTRIBUTING.md, Words)."""
    for source in files:
        for node in ast.walk(source.tree):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    pass
                case ast.arg(arg=name):
                    pass
                case _:
                    continue
            if name.strip("_").lower() in BANNED_NAMES:
                yield f"{source.path}:{node.lineno} is named {name}"


def long_files(files: list[Source]) -> Iterator[str]:
    """Find files that cannot be read at one sitting."""
    for source in files:
        lines = len(source.text.splitlines())
        if lines > MAX_FILE_LINES:
            yield f"{source.path} has {lines} lines"


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
        modules[_package(source)] += not source.path.endswith(("/__init__.py", "/__main__.py"))
    for package, count in sorted(modules.items()):
        if count > PACKAGES_WITH_MORE_MODULES.get(package, MAX_MODULES):
            yield f"{package} has {count} modules"


def packages_without_sentence(files: list[Source]) -> Iterator[str]:
    """Find packages whose `__init__` does not say in one sentence what they decide or do."""
    sentences = {_package(source): ast.get_docstring(source.tree) or "" for source in files if _is_init(source)}
    for package in sorted({_package(source) for source in files}):
        if not re.match(r"[A-Z].*[.]", sentences.get(package, "")):
            yield f"{package} does not say what it does"


def archaisms(files: list[Source]) -> Iterator[str]:
    """Find archaic English in docstrings, comments and messages."""
    for source in files:
        for number, line in enumerate(source.text.splitlines(), start=1):
            if match := ARCHAISMS.search(line):
                yield f"{source.path}:{number} says {match.group()!r}"


def _package(source: Source) -> str:
    return source.path.rpartition("/")[0]


def _is_init(source: Source) -> bool:
    return source.path.endswith("/__init__.py")
