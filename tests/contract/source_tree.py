"""Reads the files of the repository for the rules of CONTRIBUTING."""

import ast
from pathlib import Path
from typing import NamedTuple

ROOTS = ("services", "shared", "deploy")
TEXT_SUFFIXES = frozenset({".py", ".md", ".html", ".po"})
"""Files with English that people read: code, documents, templates and catalogues of translations."""


class Source(NamedTuple):
    """One Python file: its path below the root, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def is_init(self) -> bool:
        return self.path.endswith("/__init__.py")


class TextFile(NamedTuple):
    """One file that people read: its path below the root, its text."""

    path: str
    text: str


def sources(root: Path) -> list[Source]:
    """Return every Python file of `services`, `shared` and `deploy` below `root`, sorted by path."""
    files = (file for file in texts(root, ROOTS) if file.path.endswith(".py"))
    return [Source(file.path, file.text, ast.parse(file.text)) for file in files]


def documents_and_code(root: Path) -> list[TextFile]:
    """Return code, tests, documents, templates and catalogues below `root`."""
    pages = [TextFile(path.name, path.read_text()) for path in sorted(root.glob("*.md"))]
    return pages + texts(root, (*ROOTS, "tests", "docs"))


def texts(root: Path, folders: tuple[str, ...]) -> list[TextFile]:
    """Return every file with English in some folders below `root`, sorted by path."""
    paths = (path for folder in folders for path in (root / folder).rglob("*") if path.suffix in TEXT_SUFFIXES)
    return [TextFile(str(path.relative_to(root)), path.read_text()) for path in sorted(paths)]
