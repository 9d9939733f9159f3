"""Compares the messages of code and templates with the English catalogues, one line for each finding.

A message is the literal first argument of a call `Message(...)`, under any name by which a module imports it, or a
translated text of a template. Each package has its catalogues in files `en.po` below it. Only circulars have sentences
in both languages side by side, `BilingualText(id="...", en="...")`; all other English is in a catalogue.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Message as CatalogueEntry
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

DEFINITION = "shared/domain/messages.py"
"""The module that defines `Message`: it copies messages, and its first argument is no literal."""

PAIRED_SENTENCES = ("services/policy/domain/presets/", "shared/domain/facts/")
"""Code that may write Indonesian and English side by side: circulars that ship with Piket, and the definition."""

PLACEHOLDER = re.compile(r"%\((\w+)\)|\{(\w*)")
TEMPLATE_METHOD = [("**.html", "jinja2.ext.babel_extract")]
TEMPLATE_OPTIONS = {"**.html": {"trimmed": "false"}}

Key = tuple[str, str]
"""The context of a message, empty for most, and its Indonesian text."""

Arguments = frozenset[str]


def message_violations(root: Path) -> list[str]:
    """Return all findings below `root`."""
    packages = [*sorted((root / "services").glob("*/")), root / "shared", root / "deploy"]
    shared = _translations(root / "shared")
    return [
        f"{package.relative_to(root)}: {finding}"
        for package in packages
        for finding in (*_findings(package), *_contradictions(_translations(package), shared))
    ]


def _translations(package: Path) -> Mapping[Key, str]:
    entries = (entry for file in sorted(package.rglob("en.po")) for entry in _entries(file))
    return {(entry.context or "", _first(entry.id)): _first(entry.string) for entry in entries}


def _contradictions(translations: Mapping[Key, str], shared: Mapping[Key, str]) -> Iterator[str]:
    """Yield messages that a package and `shared` translate differently: they are rendered by one catalogue."""
    yield from (
        f"{key[1]!r} has other English in shared"
        for key in translations
        if shared.get(key, translations[key]) != translations[key]
    )


def _findings(package: Path) -> Iterator[str]:
    messages: dict[Key, Arguments | None] = dict.fromkeys(_template_messages(package))
    for file in sorted(package.rglob("*.py")):
        if file.as_posix().endswith(DEFINITION):
            continue
        tree = ast.parse(file.read_text())
        if not any(folder in file.as_posix() for folder in PAIRED_SENTENCES):
            yield from (f"{file.name}: English is beside the Indonesian text, not in en.po" for _ in _pairs(tree))
        for key, arguments in _messages(tree):
            if key is None:
                yield f"{file.name}: the text of a message is not a literal"
            elif messages.get(key) not in {None, arguments}:
                yield f"{key[1]!r} has other values in {file.name}"
            else:
                messages[key] = arguments
    yield from _catalogue_findings(package, messages)


def _catalogue_findings(package: Path, messages: Mapping[Key, Arguments | None]) -> Iterator[str]:
    translated: dict[Key, str] = {}
    for file in sorted(package.rglob("en.po")):
        for entry in _entries(file):
            key, english = (entry.context or "", _first(entry.id)), " ".join(_plural_forms(entry.string))
            if not all(_plural_forms(entry.string)):
                yield f"{key[1]!r} has no English"
            if key in translated:
                yield f"{key[1]!r} is translated twice"
            if key not in messages:
                yield f"{key[1]!r} is not used"
            elif not _same_placeholders(" ".join(_plural_forms(entry.id)), english, messages[key]):
                yield f"{key[1]!r} has other placeholders in English"
            translated[key] = english
    yield from (f"{text!r} is not translated" for context, text in messages if (context, text) not in translated)


def _same_placeholders(indonesian: str, english: str, arguments: Arguments | None) -> bool:
    """Return whether both languages have the same placeholders; one may leave out a value that the call passes."""
    placeholders = [{a or b for a, b in PLACEHOLDER.findall(text)} for text in (indonesian, english)]
    if arguments:
        return placeholders[0] | placeholders[1] == arguments
    return placeholders[0] == placeholders[1]


def _messages(tree: ast.Module) -> Iterator[tuple[Key | None, Arguments]]:
    """Yield the messages of a module with the names of their values; the key is None if the text is not a literal."""
    for call in _calls(tree, "Message"):
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        context = _literal(keywords.pop("context", ast.Constant("")))
        text = _literal(call.args[0]) if call.args else None
        key = None if context is None or text is None else (context, text)
        yield key, frozenset(name for name in keywords if name)


def _pairs(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls that write a sentence in both languages."""
    for call in _calls(tree, "BilingualText"):
        literals = {keyword.arg for keyword in call.keywords if isinstance(keyword.value, ast.Constant | ast.JoinedStr)}
        if {"id", "en"} <= literals:
            yield call


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    """Yield the calls of a class, as `Name(...)`, as `module.Name(...)`, or under the name of an import."""
    imported = [alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    names = {name, *(alias.asname for alias in imported if alias.name == name and alias.asname)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=called)) if called in names:
                yield node
            case ast.Call(func=ast.Attribute(attr=called)) if called == name:
                yield node


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _template_messages(package: Path) -> Iterator[Key]:
    for _, _, message, _, _ in extract_from_dir(package, TEMPLATE_METHOD, TEMPLATE_OPTIONS):
        yield "", _first(message)


def _entries(file: Path) -> Iterator[CatalogueEntry]:
    with file.open("rb") as source:
        yield from (entry for entry in read_po(source) if entry.id)


def _plural_forms(text: object) -> tuple[str, ...]:
    return tuple(map(str, text)) if isinstance(text, tuple | list) else (str(text),)


def _first(text: object) -> str:
    return _plural_forms(text)[0]
