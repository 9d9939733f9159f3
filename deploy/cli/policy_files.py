"""What an operator wrote: an instrument or any command of policy, in a file or by the name of an example."""

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.policy.domain import commands
from services.policy.domain.commands import PolicyCommand
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.read_models.enactment_preview import recording
from shared.domain.facts.base import Invalid
from shared.domain.facts.policy import Instrument
from shared.web.problem import place

LIMIT = 64 * 1024
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
    "open": commands.OpenOpd,
    "merge": commands.MergeOpd,
    "split": commands.SplitOpd,
    "arrange": commands.ArrangeUnit,
}
"""What a file may ask for by its `command`; without one it is an instrument."""

M = TypeVar("M", bound=BaseModel)


def read(written: str) -> Instrument:
    """An instrument from a file or by its id. Raises `Invalid` with every fault, in both languages."""
    return presets()[written] if written in presets() else _validated(Instrument, _content(written))


def asked(written: str, region: str, attested: str | None) -> PolicyCommand:
    """The command of a file, or the one that records its instrument or an example. Raises `Invalid` as `read` does."""
    content = None if written in presets() else _content(written)
    if isinstance(content, dict) and "command" in content:
        kind = _kind(content.pop("command"))
        return _validated(kind, {**content, "region": region})
    return recording(region, read(written), attested)


def _kind(name: object) -> type[PolicyCommand]:
    if not isinstance(name, str) or name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise Invalid("/command", f"Perintah tidak dikenal; pilih {known}.", f"No such command; choose one of {known}.")
    return COMMANDS[name]


def _validated(kind: type[M], content: object) -> M:
    try:
        # JSON mode: `2025-11-06` is a date in YAML and a string in JSON, and both are meant
        return kind.model_validate_json(json.dumps(content), extra="forbid")
    except ValidationError as broken:
        faults = [place({**error, "loc": ("body", *error["loc"])}) for error in broken.errors()]
        raise Invalid.together([Invalid(f["pointer"], f["detail"], f["detail_en"]) for f in faults]) from broken


def _content(written: str) -> object:
    """A file as JSON has it: dates and times are strings."""
    file = Path(written)
    if not file.is_file():
        known = ", ".join(presets())
        raise Invalid("", f"{written} bukan berkas atau contoh.", f"{written} is neither a file nor one of {known}.")
    if file.stat().st_size > LIMIT:
        raise Invalid("", f"{file} lebih dari {LIMIT} bita.", f"{file} is larger than {LIMIT} bytes.")
    try:
        return json.loads(json.dumps(_parsed(file.read_text(encoding="utf-8")), default=str))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as unreadable:
        said = " ".join(str(unreadable).split())
        raise Invalid("", f"{file} tidak terbaca: {said}.", f"{file} cannot be read: {said}.") from unreadable


def _parsed(text: str) -> object:
    """JSON first, which may be indented with tabs; what is none is YAML."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError:
        return yaml.load(text, Loader=Plain)  # noqa: S506 - a safe loader


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = next((key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number])), None)
    if twice is not None:
        raise yaml.YAMLError(f"{twice} is there twice")
    return dict(pairs)


class Plain(yaml.SafeLoader):
    """YAML without what an instrument needs not: aliases, which may grow without end, and keys written twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"an alias in line {self.get_event().start_mark.line + 1}")  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - its
        """Refuse a key that is there already."""
        keys = [key.value for key, _ in node.value]
        twice = next((key for number, key in enumerate(keys) if key in keys[:number]), None)
        if twice is not None:
            raise yaml.YAMLError(f"{twice} is there twice, in line {node.start_mark.line + 1} and after")
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int | str:  # type: ignore[override]
        """A time of day stays one: to YAML 1.1 an unquoted `14:00` is 840."""
        return str(node.value) if ":" in node.value else super().construct_yaml_int(node)

    def construct_yaml_bool(self, node: yaml.ScalarNode) -> bool | str:  # type: ignore[override]
        """The key `on` stays a word: to YAML 1.1 it is true."""
        named = node.value.lower() in {"true", "false"}
        return super().construct_yaml_bool(node) if named else str(node.value)


Plain.add_constructor("tag:yaml.org,2002:int", Plain.construct_yaml_int)
Plain.add_constructor("tag:yaml.org,2002:bool", Plain.construct_yaml_bool)
