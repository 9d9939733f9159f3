"""Finds names and words that break the rules of CONTRIBUTING (Words), one line for each finding."""

import ast
import re
from collections.abc import Iterator

from tests.contract.source_tree import Source, TextFile

BANNED_NAMES = frozenset(
    {
        *("asked", "books", "course", "desk", "each", "faults", "found", "gave", "giver", "giving", "hear", "heard"),
        *("other", "own", "said", "say", "seen", "shown", "speak", "standing", "stands", "stranger", "tell", "there"),
        *("told", "whole", "words"),
    }
)
"""Names that say nothing about what they hold or do."""

BANNED_MODULES = BANNED_NAMES.union(
    ("bars", "common", "data", "helper", "helpers", "impl", "info", "manager", "misc", "util", "utils")
)
"""Names of files and folders that do not say what is in them."""

BANNED_IN_CLASS = re.compile(r"(Manager|Helper|Util|Base|Impl|Data|Info)s?(?=[A-Z0-9_]|$)")
"""Words in the name of a class that say nothing about it."""

ARCHAISMS = re.compile(
    r"\b(all the same|anew|bur(?:y|ies|ied)|for ever|hears|it is told|needs? not|of itself|once more|speaks of"
    r"|strangers?|whoever|whomever)\b",
    re.IGNORECASE,
)
"""Words that a colleague who learnt English from documentation must look up."""

NAMES_THE_WORDS = frozenset({"tests/contract/word_rules.py", "tests/contract/test_names.py"})


def banned_names(files: list[Source]) -> Iterator[str]:
    """Find names of files, and names that code binds, that say nothing (CONTRIBUTING.md, Words)."""
    for source in files:
        for part in BANNED_MODULES.intersection(source.path.removesuffix(".py").split("/")):
            yield f"{source.path} is named {part}"
        for node in ast.walk(source.tree):
            for name in _bound_names(node):
                if name.strip("_").lower() in BANNED_NAMES or _is_empty_class_name(node, name):
                    yield f"{source.path}:{getattr(node, 'lineno', 1)} is named {name}"


def _bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node defines: functions, classes, parameters, variables, fields, imports under a name."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name
        case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


def _is_empty_class_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.ClassDef) and BANNED_IN_CLASS.search(name) is not None


def packages_without_sentence(files: list[Source]) -> Iterator[str]:
    """Find packages whose `__init__` does not say in one sentence what they decide or do."""
    docstrings = {source.package: ast.get_docstring(source.tree) or "" for source in files if source.is_init}
    for package in sorted({source.package for source in files}):
        if not _is_sentence(docstrings.get(package, "")):
            yield f"{package} does not say what it does"


def _is_sentence(text: str) -> bool:
    """Return whether a text may be a sentence with a verb: a capital, more than two words, a full stop."""
    return re.fullmatch(r"[A-Z].*[.]", text, re.DOTALL) is not None and len(text.split()) > 2


def archaisms(files: list[TextFile]) -> Iterator[str]:
    """Find archaic English in code, tests, documents and templates; a name in code is read as its words."""
    for file in files:
        if file.path in NAMES_THE_WORDS:
            continue
        for number, line in enumerate(file.text.splitlines(), start=1):
            words = line.replace("_", " ") if file.path.endswith(".py") else line
            if match := ARCHAISMS.search(words):
                yield f"{file.path}:{number} says {match.group()!r}"
