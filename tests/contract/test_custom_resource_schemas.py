"""The committed schemas of custom resources are those of the released operators and refuse unknown fields."""

import shutil

import pytest

from tests.support import custom_resource_schemas as schemas


@pytest.mark.parts
def test_the_schemas_of_strimzi_are_those_of_its_release() -> None:
    java = schemas.java_21()
    if java is None:
        pytest.skip("Strimzi's generator of definitions needs Java 21 or newer, and this computer has none")
    committed = schemas.committed_schemas()
    made = schemas.strimzi_schemas(java)
    assert made.keys() == schemas.MODELS.keys()
    assert [kind for kind, schema in made.items() if committed[kind] != schema] == []


@pytest.mark.parts
def test_the_schemas_of_the_prometheus_operator_are_those_of_its_release() -> None:
    if not shutil.which("go"):
        pytest.skip("the definitions of the Prometheus operator come as a Go module, and this computer has no Go")
    committed = schemas.committed_schemas()
    made = schemas.prometheus_operator_schemas()
    assert made.keys() == schemas.PLURALS.keys()
    assert [kind for kind, schema in made.items() if committed[kind] != schema] == []


def test_a_schema_refuses_what_its_definition_does_not_name() -> None:
    open_map = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "description": "Any setting."}
    nested = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    size = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
    definition = {"type": "object", "properties": {"config": open_map, "volumes": nested, "size": size}}
    assert schemas.closed(definition) == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "config": {"type": "object"},
            "volumes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"id": {"type": "integer"}},
                },
            },
            "size": {"type": ["integer", "string"], "anyOf": [{"type": "integer"}, {"type": "string"}]},
        },
    }
