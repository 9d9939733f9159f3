"""Tests which faults `piket doctor` finds in what it observed, and that it finds none in a healthy deployment."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from deploy.doctor.judgement.backups import BackupsObserved, judge_backups
from deploy.doctor.judgement.log import (
    REQUESTS,
    BrokersObserved,
    RightsObserved,
    SettingsObserved,
    TopicObserved,
    TopicsObserved,
    VersionRange,
    judge_brokers,
    judge_rights,
    judge_topic_settings,
    judge_topics,
)
from deploy.doctor.judgement.machines import (
    MIN_FREE_BYTES,
    ClockObserved,
    DiskObserved,
    PortObserved,
    PortsObserved,
    PortUse,
    judge_clocks,
    judge_disks,
    judge_ports,
)
from deploy.doctor.judgement.movement import (
    RelayObserved,
    ViewObserved,
    WorkersObserved,
    judge_relays,
    judge_view,
    judge_workers,
)
from deploy.doctor.judgement.stores import ProjectionObserved, StoreObserved, judge_projections, judge_store
from deploy.doctor.judgement.tokens import (
    KeyObserved,
    PublicSecretsObserved,
    TokensObserved,
    judge_public_secrets,
    judge_tokens,
)
from deploy.doctor.judgement.verdict import Finding, Verdict, lines, summary
from shared.relay.checkpoints.checkpoint import LeaseState

CLIENT = dict.fromkeys(REQUESTS, frozenset({3, 4, 5}))
KAFKA_4: Mapping[int, VersionRange] = dict.fromkeys(REQUESTS, (4, 9))
KAFKA_3 = {**KAFKA_4, 1: (0, 16)}
KAFKA_9 = {**KAFKA_4, 0: (8, 20)}
WITHOUT_CONFIGS = {key: versions for key, versions in KAFKA_4.items() if key != 32}
NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
STORE = StoreObserved("roster", "/srv/roster.db", frozenset({("event_store", "0001_store.sql")}))
MIGRATED = STORE._replace(applied=STORE.expected)
PROJECTION = ProjectionObserved("roster", "/piket/32/policy", head=6, before=6, after=6)
RELAY = RelayObserved("/piket/32/policy", "relay/policy-32.lease", has_heartbeat=False, lease=LeaseState.HELD)
TOKENS = TokensObserved("jwks.json", NOW, [KeyObserved("a")], refused={"token-32": ""})
EVENTS = {"piket.32.policy.v1": {"cleanup.policy": "delete", "retention.ms": "-1"}}
ROWS = {"piket.32.coverage.v1": {"cleanup.policy": "compact,delete"}}


def brokers(ranges: Mapping[int, VersionRange] | None) -> Verdict:
    return judge_brokers(BrokersObserved("kafka:9092", {"kafka:9092": ranges}, CLIENT))


def topics(**actual: TopicObserved) -> Verdict:
    return judge_topics(TopicsObserved({"policy": 3}, actual))


def ports(*observed: PortObserved) -> Verdict:
    return judge_ports(PortsObserved(observed))


HEALTHY = {
    "rights that are as needed": judge_rights(RightsObserved({"relay": ([], [])})),
    "processes without a user": judge_rights(RightsObserved(has_user=False)),
    "a broker of Kafka 4": brokers(KAFKA_4),
    "a topic": topics(policy=TopicObserved(3)),
    "settings": judge_topic_settings(SettingsObserved(EVENTS, EVENTS)),
    "policies in another order": judge_topic_settings(
        SettingsObserved(ROWS, {"piket.32.coverage.v1": {"cleanup.policy": "delete,compact"}})
    ),
    "a store": judge_store(MIGRATED),
    "a projection at the end": judge_projections([PROJECTION]),
    "a projection that catches up": judge_projections([PROJECTION._replace(before=1, after=4)]),
    "tokens": judge_tokens(TOKENS),
    "a key that expires later": judge_tokens(TOKENS._replace(keys=[KeyObserved("a", NOW + timedelta(days=1))])),
    "secrets that nobody else knows": judge_public_secrets(PublicSecretsObserved({"piket-roster": ""})),
    "no server that gives tokens": judge_public_secrets(PublicSecretsObserved(has_issuer=False)),
    "a disk": judge_disks([DiskObserved("stores", "/srv", MIN_FREE_BYTES)]),
    "disks elsewhere": judge_disks([]),
    "a clock": judge_clocks([ClockObserved("the relay", -0.2, 0.9)]),
    "a clock within its bounds": judge_clocks([ClockObserved("the application", -2.0, 2.0)]),
    "a port of Piket": ports(PortObserved("127.0.0.1:9101", "app", PortUse.PIKET)),
    "a free port": ports(PortObserved("127.0.0.1:9101", "app", PortUse.NOBODY, may_be_free=True)),
    "no port": ports(),
    "a relay with heartbeats": judge_relays([RELAY._replace(has_heartbeat=True)]),
    "a relay that sends a backlog": judge_relays([RELAY._replace(before=10, after=1_010)]),
    "workers": judge_workers(WorkersObserved({"32": frozenset({0, 1})}, {"32": frozenset({0, 1})})),
    "a view": judge_view(ViewObserved("http://piket", 200, "is current")),
}


@pytest.mark.parametrize("case", HEALTHY)
def test_nothing_is_found_in(case: str) -> None:
    assert HEALTHY[case].healthy
    assert list(lines("check", HEALTHY[case])) == [f"ok           check             {HEALTHY[case].evidence}."]
    assert HEALTHY[case].evidence


FAULTS = {
    "Kafka refuses": (
        judge_brokers(BrokersObserved("kafka:9092", {}, {}, "Kafka at kafka:9092 refuses the user a.")),
        "Kafka refuses this process: Kafka at kafka:9092 refuses the user a",
    ),
    "no rights": (judge_rights(RightsObserved()), "Kafka gives no user of this deployment any right"),
    "rights unchecked": (judge_rights(RightsObserved(is_checked=False)), "Kafka checks no rights"),
    "a missing right": (
        judge_rights(RightsObserved({"relay": (["Write on topic a", "Read on topic a"], [])})),
        "User relay lacks Write on topic a, Read on topic a",
    ),
    "Kafka away": (judge_brokers(BrokersObserved("kafka:9092", {}, {})), "Kafka at kafka:9092 does not answer"),
    "a broker away": (brokers(None), "Broker kafka:9092 belongs to the cluster but does not answer"),
    "an old broker": (brokers(KAFKA_3), "Broker kafka:9092 is older than Kafka 4.0"),
    "a broker of the future": (brokers(KAFKA_9), "answers no version of Produce that Piket can send"),
    "a broker that lacks a request": (brokers(WITHOUT_CONFIGS), "answers no version of DescribeConfigs"),
    "a missing topic": (topics(), "Kafka has no topic policy"),
    "four partitions": (topics(policy=TopicObserved(4)), "The number of partitions of topic policy is 4, not 3"),
    "no leader": (topics(policy=TopicObserved(3, [0, 2])), "Partition 0, 2 of topic policy has no leader"),
    "a retention": (
        judge_topic_settings(
            SettingsObserved(EVENTS, {"piket.32.policy.v1": {"cleanup.policy": "delete", "retention.ms": "604800000"}})
        ),
        "Topic piket.32.policy.v1 has retention.ms=604800000, not -1",
    ),
    "no compaction": (
        judge_topic_settings(SettingsObserved(ROWS, {})),
        "Topic piket.32.coverage.v1 has cleanup.policy=unset, not compact,delete",
    ),
    "a store away": (judge_store(STORE._replace(unreachable="refused")), "/srv/roster.db, cannot be read (refused)"),
    "a new store": (judge_store(STORE), "lacks the migrations event_store/0001_store.sql"),
    "a store of a later release": (
        judge_store(MIGRATED._replace(applied=STORE.expected | {("storage", "0009_x.sql")})),
        "has the migrations storage/0009_x.sql of another release",
    ),
    "a read-only store": (judge_store(MIGRATED._replace(unwritable="read-only")), "cannot be written (read-only)"),
    "a stale projection": (
        judge_projections([PROJECTION._replace(before=5, after=5)]),
        "The projection of /piket/32/policy in roster does not move: it is at event 5 of 6",
    ),
    "missing events": (
        judge_projections([PROJECTION._replace(held_streams=2)]),
        "waits for missing events in 2 streams",
    ),
    "a secret that everybody knows": (
        judge_public_secrets(PublicSecretsObserved({"piket-roster": "${PIKET_ROSTER_CLIENT_SECRET}", "other": ""})),
        "piket-roster at the issuer has a secret that everybody knows, the text ${PIKET_ROSTER_CLIENT_SECRET}",
    ),
    "no key set": (judge_tokens(TokensObserved("jwks.json", NOW, unusable="no file")), "cannot be used (no file)"),
    "no key": (judge_tokens(TOKENS._replace(keys=[])), "has no key of type EC or RSA with an id"),
    "an expired key": (
        judge_tokens(TOKENS._replace(keys=[KeyObserved("a", NOW), KeyObserved("b")])),
        "holds the key a, which expired at 2026-01-05 08:00 UTC",
    ),
    "an expired token": (
        judge_tokens(TOKENS._replace(refused={"token-32": "it has expired"})),
        "The token token-32 (PIKET_TOKEN_FILE) is refused (it has expired)",
    ),
    "no token for a client": (
        judge_tokens(TOKENS._replace(refused_clients={"32": "invalid_scope"})),
        "The token of PIKET_CLIENT_ID for region 32 is refused (invalid_scope)",
    ),
    "a full disk": (judge_disks([DiskObserved("stores", "/srv", 12_345_678)]), "is on a disk with 12 MB free"),
    "no folder": (judge_disks([DiskObserved("stores", "/srv", None)]), "/srv (stores) does not exist"),
    "a clock ahead": (judge_clocks([ClockObserved("the relay", 89.9, 90.4)]), "the relay is 90 s ahead"),
    "a clock behind": (judge_clocks([ClockObserved("the relay", -3.2, -2.1)]), "the relay is 2 s behind"),
    "a port taken": (
        ports(PortObserved("127.0.0.1:9101", "app", PortUse.ANOTHER_PROGRAM, may_be_free=True)),
        "The address 127.0.0.1:9101 of app is taken by a program that is not Piket",
    ),
    "a port without server": (ports(PortObserved("127.0.0.1:9101", "app", PortUse.NOBODY)), "is not served"),
    "a process that hangs": (
        ports(PortObserved("127.0.0.1:9101", "app", PortUse.HANGS, may_be_free=True)),
        "of app accepts connections but does not answer in time: the process hangs",
    ),
    "a dead relay": (
        judge_relays(
            [RELAY._replace(lease=LeaseState.FREE), RELAY._replace(source="/piket/32/roster", lease=LeaseState.FREE)]
        ),
        "The relay of /piket/32/policy, /piket/32/roster is not running: nobody holds its lease relay/policy-32.lease",
    ),
    "a stalled relay": (judge_relays([RELAY]), "holds its lease relay/policy-32.lease, but sends neither events nor"),
    "a relay elsewhere": (
        judge_relays([RELAY._replace(lease=LeaseState.ABSENT)]),
        "there is no lease relay/policy-32.lease",
    ),
    "a dead worker": (
        judge_workers(WorkersObserved({"32": frozenset({0, 1, 2})}, {"32": frozenset({1})})),
        "Partitions 0, 2 of region 32 are not processed by any worker",
    ),
    "a view behind": (
        judge_view(ViewObserved("http://piket", 200, "is behind", datetime.fromisoformat("2026-01-05T08:31:43Z"))),
        "The view may lack events since 2026-01-05 08:31 UTC",
    ),
    "a gateway without reporting": (
        judge_view(ViewObserved("http://piket", 404)),
        "answers 404 to /readyz",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_is_named_with_its_cure(case: str) -> None:
    result, expected = FAULTS[case]
    (finding,) = result.findings
    assert expected in f"{finding.where} {finding.what}"
    fault, cure = lines("check", result)
    assert fault == f"FAULT        check             {finding.where} {finding.what}."
    assert cure == f"                               Cure: {finding.cure}"
    assert finding.cure.endswith(".")
    assert not result.healthy


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        ("disk I/O error", "Look at its disk first"),
        ("database or disk is full", "Look at its disk first"),
        ("database disk image is malformed", "It is not a SQLite database, or a damaged one"),
        ("attempt to write a readonly database", "Make file, folder and disk writable"),
    ],
)
def test_the_cure_of_a_store_depends_on_its_error(error: str, cure: str) -> None:
    (finding,) = judge_store(MIGRATED._replace(unwritable=error)).findings
    assert finding.cure.startswith(cure)


def test_of_many_sources_that_one_relay_no_longer_sends_three_are_named() -> None:
    (finding,) = judge_relays([RELAY._replace(source=f"/piket/32/{number}") for number in range(12)]).findings
    assert finding.where == "The relay of /piket/32/0, /piket/32/1, /piket/32/2 and 9 more"


def test_topics_with_the_same_fault_are_one_finding_that_names_three_of_them() -> None:
    expected = {**dict.fromkeys("abcdefg", 3), "view": 1}
    judged = judge_topics(TopicsObserved(expected, {name: TopicObserved(12) for name in "abcde"}))
    assert [f"{finding.where} {finding.what}" for finding in judged.findings] == [
        "The number of partitions of topic a, b, c and 2 more is 12, not 3",
        "Kafka has no topic f, g, view",
    ]


def test_no_clock_to_compare_with_is_not_a_passed_check() -> None:
    result = judge_clocks([])
    assert not result.healthy
    assert next(lines("clocks", result)).startswith("not checked  clocks            no relay, worker")


def test_a_check_that_needs_a_faulty_one_says_which_fault_prevents_it() -> None:
    assert brokers(None).obstacle == "Broker kafka:9092 belongs to the cluster but does not answer"
    assert Verdict(not_checked="Kafka is away").obstacle == "Kafka is away"


def test_a_cure_of_a_list_of_policies_can_be_pasted() -> None:
    (finding,) = judge_topic_settings(SettingsObserved(ROWS, {})).findings
    assert "--add-config cleanup.policy=[compact,delete]`" in finding.cure


def test_the_last_line_counts_faults_and_checks_that_were_not_made() -> None:
    two = Verdict([Finding("a", "b", "c."), Finding("d", "e", "f.")])
    assert summary({"kafka": two, "topics": Verdict(not_checked="a b")}) == (
        "Faults: 2. Checks that could not be made: 1."
    )
    assert summary({"kafka": Verdict(evidence="x")}) == "No fault in 1 checks."


def test_without_an_answer_of_the_issuer_no_secret_is_called_safe() -> None:
    result = judge_public_secrets(PublicSecretsObserved(obstacle="PIKET_ISSUER is not set"))
    assert (result.healthy, result.not_checked) == (False, "PIKET_ISSUER is not set")


def test_a_store_without_a_backup_of_the_last_two_days_is_a_fault() -> None:
    hour = timedelta(hours=1)
    made = {"policy": NOW - 48 * hour, "roster": NOW - 49 * hour, "attendance": None}
    old, missing = judge_backups(BackupsObserved("/backups", NOW, made)).findings
    assert (old.where, old.what) == (
        "The store of roster",
        "has no backup younger than 48 h in /backups: the last is of 2026-01-03 07:00 UTC",
    )
    assert (missing.where, missing.what) == ("The store of attendance", "has no backup in /backups")
    assert "piket backup --to /backups" in missing.cure


def test_a_backup_of_every_store_is_healthy_and_none_is_expected_without_a_folder() -> None:
    made = {"policy": NOW - timedelta(hours=3), "roster": NOW}
    recent = judge_backups(BackupsObserved("/backups", NOW, made))
    assert recent.evidence == "every store has a backup in /backups of 2026-01-05 05:00 UTC or later"
    assert judge_backups(BackupsObserved("", NOW, {})).healthy
