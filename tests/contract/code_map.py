"""Reads the documents and returns what is not true of the source tree, one line for each finding.

A line of a block `map`, fenced by backticks or tildes, is an arrow `A -> B    sentence`. Between two paths it means
that a module in A imports a module in B. From a path to a topic it means that A publishes to the topic, and back that B
consumes it.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.contract.package_graph import imported_modules

OPENING = re.compile(r"\s*(?P<fence>```+|~~~+)\s*map\s*")
LIKE_AN_OPENING = re.compile(r"(?:```|~~~)[^\w`]*map\b", re.IGNORECASE)
LINE = re.compile(r"(\S+) +-> +(\S+) {2,}\S.*")
TOPIC = re.compile(r"piket\.\{region\}\.([a-z-]+)\.v1")
TOPIC_NAMES = frozenset({"policy", "roster", "attendance", "reporting", "coverage", "heartbeat", "dead-letter"})
PUBLISHING_CALL, CONSUMING_CALL = re.compile(r"send(_\w+)?"), re.compile(r"AIOKafkaConsumer|Projection|agent")
WITH_STORE = "shared/web/service.py"
ROOTS = ("services", "shared", "deploy")
CITED_PATH = re.compile(r"(?<![\w/.-])(?:services|shared|deploy|tests|docs)/[\w./-]*\w")
CITED_MODULE = re.compile(r"-m ((?:services|deploy|tests)\.[\w.]*\w)")
CITED_LINK = re.compile(r"\]\(([^):#]+)(?:#[^)]*)?\)")


class Arrow(NamedTuple):
    """Both ends of one line of a map."""

    start: str
    end: str


class TopicUse(NamedTuple):
    """The names of the topics that one file computes, and the names of the functions that it calls."""

    topics: frozenset[str]
    calls: frozenset[str]


def lines(text: str) -> list[str]:
    """Return the lines of all blocks `map` of a document, empty ones left out."""
    return [line for block in _blocks(text) for line in block.lines if line.strip()]


def malformed_fences(text: str) -> Iterator[str]:
    """Yield the lines that seem to open a block `map` and open none, and those that open a block without an end."""
    yield from (line for line in text.splitlines() if LIKE_AN_OPENING.search(line) and not OPENING.fullmatch(line))
    yield from (block.opening for block in _blocks(text) if not block.is_closed)


class _Block(NamedTuple):
    opening: str
    lines: list[str]
    is_closed: bool


def _blocks(text: str) -> Iterator[_Block]:
    remaining = iter(text.splitlines())
    for line in remaining:
        if opening := OPENING.fullmatch(line):
            fence, block = opening["fence"], _Block(line, [], is_closed=False)
            for row in remaining:
                if row.strip().startswith(fence) and not row.strip().strip(fence[0]):
                    block = block._replace(is_closed=True)
                    break
                block.lines.append(row)
            yield block


def line_error(root: Path, line: str) -> str | None:
    """Return why a line is not true, or None."""
    match = LINE.fullmatch(line.strip())
    if match is None:
        return f"{line.strip()!r} is not an arrow with a sentence"
    arrow = Arrow(match[1], match[2])
    absent = [end for end in arrow if not (_is_topic(end) or _exists(root, end))]
    if absent:
        return f"{absent[0]} does not exist"
    if all(map(_is_topic, arrow)):
        return f"{arrow.start} -> {arrow.end} joins two topics"
    if any(map(_is_topic, arrow)):
        return _topic_error(root, arrow)
    return None if imports(root, *arrow) else f"no module in {arrow.start} imports a module in {arrow.end}"


def _is_topic(end: str) -> bool:
    match = TOPIC.fullmatch(end)
    return match is not None and match[1] in TOPIC_NAMES


def _exists(root: Path, path: str) -> bool:
    return bool(_python_files(root, path)) and path.startswith(ROOTS)


def _python_files(root: Path, path: str) -> list[Path]:
    if path.endswith(".py"):
        return [root / path] if (root / path).is_file() else []
    return sorted((root / path).rglob("*.py"))


def imports(root: Path, importer: str, imported: str) -> bool:
    """Return whether a module in `importer` imports one in `imported`.

    If one path is inside the other, imports within the inner path do not count.
    """
    source, target = _module(importer), _module(imported)
    for file in _python_files(root, importer):
        if _is_below(_module(str(file.relative_to(root))), target):
            continue
        for name in imported_modules(file):
            if _is_below(name, target) and not (_is_below(source, target) and _is_below(name, source)):
                return True
    return False


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _is_below(name: str, module: str) -> bool:
    return f"{name}.".startswith(f"{module}.")


def _topic_error(root: Path, arrow: Arrow) -> str | None:
    publishes = _is_topic(arrow.end)
    topic, path = (arrow.end, arrow.start) if publishes else arrow
    call, verb = (PUBLISHING_CALL, "publishes to") if publishes else (CONSUMING_CALL, "consumes")
    uses = (topic_use(root, file) for file in _python_files(root, path))
    true = any(topic.split(".")[2] in use.topics and any(map(call.fullmatch, use.calls)) for use in uses)
    return None if true else f"{path} never {verb} {topic}"


@cache
def topic_use(root: Path, file: Path) -> TopicUse:
    """Return what a file has to do with topics, by its calls of `shared.domain.envelope.topic`."""
    tree = ast.parse(file.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    topics = (name for call in calls for name in _topic_names(root, tree, call))
    return TopicUse(frozenset(topics), frozenset(filter(None, map(_called, calls))))


def _called(call: ast.Call) -> str | None:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _topic_names(root: Path, tree: ast.Module, call: ast.Call) -> Iterator[str]:
    """Yield the second part of every topic that `topic(region, name)` or `partial(topic, ...)` computes."""
    if _is_topic_function(call.func):
        arguments = call.args[1:]
    elif call.args and _is_topic_function(call.args[0]):
        arguments = call.args[2:]
    else:
        return
    for argument in (*arguments, *(keyword.value for keyword in call.keywords if keyword.arg != "region")):
        yield from _values(root, tree, argument)


def _is_topic_function(node: ast.expr) -> bool:
    match node:
        case ast.Name(id="topic") | ast.Attribute(value=ast.Name(id="envelope"), attr="topic"):
            return True
    return False


def _values(root: Path, tree: ast.Module, node: ast.expr) -> Iterator[str]:
    """Yield the strings that an expression may be, as far as the text of the program says."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from _values(root, tree, element)
        case ast.Attribute(attr="service"):  # of an event source: any of them
            yield from event_sources(root)
        case ast.Name(id=name):
            for binding in _bindings(root, tree, name):
                yield from _values(root, tree, binding)


def _bindings(root: Path, tree: ast.Module, name: str) -> Iterator[ast.expr]:
    """Yield what a name loops over, or what a constant of that name is set to here or where it is imported from."""
    for node in ast.walk(tree):
        match node:
            case ast.comprehension(target=ast.Name(id=bound), iter=value) if bound == name:
                yield value
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name:
                yield value
            case ast.ImportFrom(module=str(module), names=aliases) if name in {alias.name for alias in aliases}:
                file = root / f"{module.replace('.', '/')}.py"
                if file.is_file():
                    yield from _bindings(root, ast.parse(file.read_text()), name)


@cache
def event_sources(root: Path) -> frozenset[str]:
    """Return the services that have an event store, which the relay reads."""
    apps = (root / "services").glob("*/app.py")
    return frozenset(app.parent.name for app in apps if imports(root, f"services/{app.parent.name}/app.py", WITH_STORE))


def packages_left_out(root: Path, text: str) -> list[str]:
    """Return the packages of the source tree that a document does not name."""
    inits = (path for name in ROOTS for path in (root / name).rglob("__init__.py"))
    return sorted(name for path in inits if f"`{(name := str(path.parent.relative_to(root)))}`" not in text)


def dead_references(root: Path, document: Path) -> Iterator[str]:
    """Yield the paths, modules and links of a document that lead nowhere."""
    text = document.read_text()
    targets = {path: root / path for path in CITED_PATH.findall(text)}
    targets |= {link: document.parent / link for link in CITED_LINK.findall(text)}
    yield from sorted(name for name, target in targets.items() if not target.exists())
    for module in CITED_MODULE.findall(text):
        path = root / module.replace(".", "/")
        if not (path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()):
            yield module
