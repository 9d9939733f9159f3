"""The table of rights in Kafka: who may do what, by government and region."""

from pathlib import Path

import pytest

from deploy.kafka_rights import describing
from deploy.kafka_rights.granting import difference
from deploy.kafka_rights.protocol import (
    ANY,
    AclBinding,
    AlterUserScramCredentials,
    AlterUserScramCredentialsStruct,
    binding,
)
from deploy.kafka_rights.table import ROLES, Operation, ResourceKind
from deploy.kafka_rights.users import Grant, users
from deploy.operations.sources import SERVICES_WITH_STORE
from shared.domain.envelope import topic
from shared.kafka.broker import topics_of

CITY = users("kota-3276", ["3276"])
WRITING = {Operation.WRITE, Operation.CREATE, Operation.DELETE, Operation.ALTER_CONFIGS}


def allowed(user: str, kind: ResourceKind, name: str) -> set[Operation]:
    """Return what a user of the city may do with a resource."""
    return {
        right.operation
        for right in CITY[f"piket-kota-3276-{user}"]
        if right.kind == kind and (name.startswith(right.name) if right.is_prefix else name == right.name)
    }


@pytest.mark.parametrize("user", CITY)
@pytest.mark.parametrize("region", ["32", "3271", "32761"])
def test_no_user_of_a_city_has_a_right_on_a_topic_of_another_region(user: str, region: str) -> None:
    for name in topics_of(region):
        assert not allowed(user.removeprefix("piket-kota-3276-"), ResourceKind.TOPIC, name)


@pytest.mark.parametrize("service", SERVICES_WITH_STORE)
def test_only_the_relay_of_a_service_writes_its_events(service: str) -> None:
    name = topic("3276", service)
    writers = {
        role for role in ROLES if not ROLES[role].by_region and WRITING & allowed(role, ResourceKind.TOPIC, name)
    }
    # Reporting, also as part of the application, replays dead letters; an operator restores topics.
    assert writers == {f"relay-{service}", "relay", "reporting", "app", "operator"}


def test_a_subscriber_writes_nothing() -> None:
    (rights,) = [rights for user, rights in CITY.items() if "subscriber" in user]
    assert {right.operation for right in rights} == {Operation.READ}


def test_the_groups_of_a_subscriber_are_not_those_of_a_region_whose_code_begins_the_same() -> None:
    province = users("local", ["32", "3276"])
    (group,) = [right.name for right in province["piket-local-subscriber-32"] if right.kind == ResourceKind.GROUP]
    assert not "piket-local-subscriber-3276.laporan".startswith(group)


def test_only_the_operator_has_a_right_on_the_cluster_and_cannot_change_it() -> None:
    on_cluster = {(g.user, g.operation) for rights in CITY.values() for g in rights if g.kind == ResourceKind.CLUSTER}
    assert on_cluster == {("piket-kota-3276-operator", Operation.DESCRIBE)}


def test_one_process_of_all_services_has_the_rights_of_all() -> None:
    names = ("roster", "reporting")
    both = {grant[1:] for name in names for grant in CITY[f"piket-kota-3276-{name}"]}
    assert {grant[1:] for grant in CITY["piket-kota-3276-app"]} == both


def test_a_region_more_gives_each_user_its_topics_and_a_subscriber_more() -> None:
    two = users("local", ["32", "3276"])
    assert {grant.name for grant in two["piket-local-roster"]} == {
        f"piket.{region}.{name}.v1" for region in ("32", "3276") for name in ("policy", "dead-letter")
    }
    assert {user for user in two if "subscriber" in user} == {
        "piket-local-subscriber-32",
        "piket-local-subscriber-3276",
    }


def test_the_difference_names_what_is_missing_and_what_is_surplus() -> None:
    wanted = Grant("a", ResourceKind.TOPIC, "piket.32.", is_prefix=True, operation=Operation.READ)
    surplus = AclBinding(3, "x", 3, "User:a", "*", ANY, 3)
    result = difference([wanted], frozenset({surplus}))
    assert (set(result.missing), set(result.surplus)) == ({binding(wanted)}, {surplus})
    assert str(binding(wanted)) == "Read on topic piket.32.*"
    assert str(surplus) == "#1 on group x"


def test_a_password_is_sent_as_a_salted_hash_that_differs_each_time() -> None:
    first, second = (
        AlterUserScramCredentials({"a": "kata-sandi"}).build(AlterUserScramCredentialsStruct).encode() for _ in range(2)
    )
    assert first != second
    assert b"kata-sandi" not in first


def test_the_document_has_the_table_as_it_is() -> None:
    document = (Path(__file__).parents[3] / "docs/operations/kafka.md").read_text()
    assert describing.markdown() in document, "run `python -m deploy.kafka_rights.describing`"
