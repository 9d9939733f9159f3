"""Reads an instrument or a policy command from a YAML or JSON file, or an instrument by the id of an example."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from services.policy.domain import commands, opd_commands
from services.policy.domain.commands import PolicyCommand
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.read_models.enactment_preview import recording_command
from shared.domain.errors import Invalid, field_error
from shared.domain.facts.instruments import Instrument
from shared.domain.messages import Message

MAX_FILE_BYTES = 64 * 1024  # as much as the body of a request may have
COMMANDS: Mapping[str, type[PolicyCommand]] = {
    "draft": commands.DraftInstrument,
    "enact": commands.EnactInstrument,
    "amend": commands.AmendInstrument,
    "schedule": commands.ScheduleInstrument,
    "suspend": commands.SuspendInstrument,
    "resume": commands.ResumeInstrument,
    "revoke": commands.RevokeInstrument,
    "approve-days": commands.ApproveDays,
    "decline": commands.DeclineRecommendation,
    "declare-holidays": commands.DeclareHolidays,
    "open": opd_commands.OpenOpd,
    "merge": opd_commands.MergeOpd,
    "split": opd_commands.SplitOpd,
    "arrange": opd_commands.ArrangeUnit,
}
"""Command types by the value of the field `command` in a file; a file without this field is an instrument."""
COMPLEX_KEYS: Mapping[str, str] = {
    "tag:yaml.org,2002:seq": "a list",
    "tag:yaml.org,2002:map": "a mapping",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:binary": "bytes",
}
"""Types of YAML keys that JSON cannot hold, by tag."""

Model = TypeVar("Model", bound=BaseModel)


def read_instrument(argument: str) -> Instrument:
    """Return the instrument of a file or an example. Raise `Invalid` with all errors, in both languages."""
    return presets()[argument] if argument in presets() else _validate(Instrument, _file_content(argument))


def read_command(argument: str, region: str, attested_by: str | None) -> PolicyCommand:
    """Return the command of a file, or the command that records an instrument. Raise `Invalid` as `read_instrument`."""
    content = None if argument in presets() else _file_content(argument)
    if isinstance(content, dict) and "command" in content:
        command_type = _command_type(content.pop("command"))
        return _validate(command_type, {**content, "region": region})
    return recording_command(region, read_instrument(argument), attested_by)


def _command_type(name: object) -> type[PolicyCommand]:
    if not isinstance(name, str) or name not in COMMANDS:
        names = ", ".join(COMMANDS)
        raise Invalid("/command", Message("Perintah tidak dikenal; pilih {names}.", names=names))
    return COMMANDS[name]


def _validate(model: type[Model], content: object) -> Model:
    try:
        # JSON mode accepts a date as a string: `2025-11-06` is a date in YAML, but a string in JSON.
        return model.model_validate_json(json.dumps(content), extra="forbid")
    except ValidationError as invalid:
        raise Invalid.from_errors([field_error(error) for error in invalid.errors()]) from invalid


def _file_content(argument: str) -> object:
    """Return the content of a file as JSON types; dates and times are strings. Raise `Invalid` if it is unreadable."""
    file = Path(argument)
    if not file.is_file():
        names = ", ".join(presets())
        raise Invalid("", Message("{argument} bukan berkas atau contoh.", argument=argument, names=names))
    if file.stat().st_size > MAX_FILE_BYTES:
        raise Invalid("", Message("{file} lebih dari {limit} bita.", file=argument, limit=MAX_FILE_BYTES))
    try:
        return json.loads(json.dumps(_parse(file.read_text(encoding="utf-8")), default=str))
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = _reason(error)
        raise Invalid("", Message("{file} tidak terbaca: {reason}.", file=str(file), reason=reason)) from error


def _parse(text: str) -> object:
    """Parse a text as JSON, or as YAML if it is not JSON. JSON comes first: it may be indented with tabs, YAML not."""
    try:
        return json.loads(text, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError:
        _refuse_alias_and_second_document(text)
    try:
        _refuse_complex_keys(_yaml().compose(text))
        return _yaml().load(text)
    except LookupError as error:  # ruamel.yaml raises KeyError for `!!bool x` and IndexError for `!!int ""`
        raise YAMLError("a value does not match its tag") from error


def _yaml() -> YAML:
    """Return a safe YAML 1.2 loader, which refuses duplicate keys. The C loader (`pure=False`) reads only YAML 1.1.

    In YAML 1.1 the key `on` would be true, and an unquoted `14:00` the number 840.
    """
    return YAML(typ="safe", pure=True)


def _refuse_alias_and_second_document(text: str) -> None:
    """Raise `YAMLError` for a second document, and for an alias: nested ones expand to more than the memory holds."""
    documents = 0
    for event in _yaml().parse(text):
        if isinstance(event, AliasEvent):
            raise MarkedYAMLError(problem="an alias is not allowed", problem_mark=event.start_mark)
        documents += isinstance(event, DocumentStartEvent)
        if documents > 1:
            raise YAMLError(f"it holds two documents, line {event.start_mark.line + 1}; give one")


def _refuse_complex_keys(node: Node | None) -> None:
    """Raise `YAMLError` for a key that JSON cannot hold: a list, a mapping, a date."""
    pairs = node.value if isinstance(node, MappingNode) else ()
    for key, value in pairs:
        kind = COMPLEX_KEYS.get(key.tag)
        if kind:
            raise MarkedYAMLError(problem=f"a key must be a text, not {kind}", problem_mark=key.start_mark)
        _refuse_complex_keys(value)
    for item in node.value if isinstance(node, SequenceNode) else ():
        _refuse_complex_keys(item)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Quadratic in the number of keys, which MAX_FILE_BYTES limits.
    duplicate = next((key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number])), None)
    if duplicate is not None:
        raise ValueError(f'found duplicate key "{duplicate}"')
    return dict(pairs)


def _reason(error: Exception) -> str:
    """Return the cause of a parse error in one line, with line and column (both from 1) if the parser knows them."""
    if isinstance(error, MarkedYAMLError) and error.problem and error.problem_mark:
        return f"{error.problem}, line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
    return " ".join(str(error).split())
