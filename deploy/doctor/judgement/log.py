"""Judges the brokers and topics of the Kafka log."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from deploy.doctor.judgement.verdict import Finding, Verdict, name_some, verdict

VersionRange = tuple[int, int]
"""Lowest and highest version of a request that a broker answers."""

FETCH = 1
OLDEST_FETCH = 4
"""Kafka 4.0 was the first release that no longer answers older versions (KIP-896)."""
REQUESTS: Mapping[int, str] = {
    0: "Produce",
    FETCH: "Fetch",
    2: "ListOffsets",
    3: "Metadata",
    8: "OffsetCommit",
    9: "OffsetFetch",
    10: "FindCoordinator",
    11: "JoinGroup",
    12: "Heartbeat",
    14: "SyncGroup",
    19: "CreateTopics",
    22: "InitProducerId",
    32: "DescribeConfigs",
}
"""The requests of Kafka's protocol that Piket sends, by key."""


class BrokersObserved(NamedTuple):
    """The answers of all brokers by address, None from a broker that did not answer; no brokers without a cluster.

    `client` holds, for each request, the versions that Piket's client can send. `refusal` says why Kafka refuses the
    user or the connection; empty if it does not.
    """

    bootstrap: str
    brokers: Mapping[str, Mapping[int, VersionRange] | None]
    client: Mapping[int, frozenset[int]]
    refusal: str = ""


class TopicObserved(NamedTuple):
    """The number of partitions of a topic, and those that have no leader."""

    partitions: int
    leaderless: Sequence[int] = ()


class TopicsObserved(NamedTuple):
    """The expected number of partitions by topic, and the topics of the broker."""

    expected: Mapping[str, int]
    actual: Mapping[str, TopicObserved]


class SettingsObserved(NamedTuple):
    """The expected settings by topic, and those that the broker reports."""

    expected: Mapping[str, Mapping[str, str]]
    actual: Mapping[str, Mapping[str, str]]


class RightsObserved(NamedTuple):
    """The rights that each user lacks, and those that it has beside the table, by user.

    `has_user` is False if processes do not authenticate, `is_checked` if Kafka lets every user do everything.
    """

    users: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {}
    has_user: bool = True
    is_checked: bool = True


def judge_brokers(observed: BrokersObserved) -> Verdict:
    """Return whether every broker answers and is of a supported version."""
    if observed.refusal:
        cure = "Correct what it names, then run `piket doctor` again."
        return Verdict([Finding("Kafka", f"refuses this process: {observed.refusal.rstrip('.')}", cure)])
    if not observed.brokers:
        cure = "Start Kafka, or set PIKET_KAFKA to the address of a broker."
        return Verdict([Finding(f"Kafka at {observed.bootstrap}", "does not answer", cure)])
    findings = [
        finding
        for address, ranges in observed.brokers.items()
        for finding in _broker_findings(address, ranges, observed.client)
    ]
    return verdict(findings, f"Kafka 4.0 or later; brokers: {', '.join(observed.brokers)}")


def _broker_findings(
    address: str, ranges: Mapping[int, VersionRange] | None, client: Mapping[int, frozenset[int]]
) -> Iterator[Finding]:
    where = f"Broker {address}"
    if ranges is None:
        cure = "Make the address that the broker advertises (advertised.listeners) reachable from this machine."
        yield Finding(where, "belongs to the cluster but does not answer", cure)
        return
    if ranges.get(FETCH, (0, 0))[0] < OLDEST_FETCH:
        yield Finding(where, "is older than Kafka 4.0", "Upgrade it; Piket is tested with Kafka 4.3.")
    refused = [name for key, name in REQUESTS.items() if not _can_send(client.get(key, frozenset()), ranges.get(key))]
    if refused:
        cure = "Use a release of Kafka that answers them, or a newer release of Piket."
        yield Finding(where, f"answers no version of {', '.join(refused)} that Piket can send", cure)


def _can_send(versions: frozenset[int], answered: VersionRange | None) -> bool:
    return answered is not None and any(answered[0] <= version <= answered[1] for version in versions)


def judge_topics(observed: TopicsObserved) -> Verdict:
    """Return whether every topic exists with the right number of partitions, each with a leader.

    Topics that have the same fault are one finding.
    """
    topics: defaultdict[Finding, list[str]] = defaultdict(list)
    for name, size in observed.expected.items():
        for finding in _topic_findings(size, observed.actual.get(name)):
            topics[finding].append(name)
    findings = [_of_topics(finding, names) for finding, names in topics.items()]
    return verdict(findings, f"{len(observed.expected)} topics exist with the right number of partitions")


def _of_topics(finding: Finding, names: Sequence[str]) -> Finding:
    some = name_some(names)
    return finding._replace(where=finding.where.format(topics=some), what=finding.what.format(topics=some))


def _topic_findings(size: int, topic: TopicObserved | None) -> Iterator[Finding]:
    """Yield the faults of a topic, with `{topics}` in place of its name."""
    if topic is None:
        yield Finding("Kafka", "has no topic {topics}", "Run `piket topics create`.")
        return
    if topic.partitions != size:
        cure = (
            f"If every topic has {topic.partitions}, set PIKET_PARTITIONS={topic.partitions}. Otherwise stop relay and"
            " worker, delete each of these topics (`kafka-topics.sh --describe` shows all), run `piket topics create`,"
            " and start both again: the relay sends all events again. If one held rows or facts of the view, run `piket"
            " rebuild-view`, too."
        )
        yield Finding("The number of partitions of topic {topics}", f"is {topic.partitions}, not {size}", cure)
    if topic.leaderless:
        numbers = ", ".join(map(str, topic.leaderless))
        yield Finding(f"Partition {numbers} of topic {{topics}}", "has no leader", "Start the brokers of its replicas.")


def judge_topic_settings(observed: SettingsObserved) -> Verdict:
    """Return whether every topic keeps its records as long as Piket needs them."""
    findings = [
        Finding(f"Topic {name}", f"has {setting}={actual or 'unset'}, not {value}", _alter(name, setting, value))
        for name, settings in observed.expected.items()
        for setting, value in settings.items()
        if not _is_same(value, actual := observed.actual.get(name, {}).get(setting, ""))
    ]
    return verdict(findings, f"{len(observed.expected)} topics have the right cleanup policy and retention")


def _is_same(expected: str, actual: str) -> bool:
    # Kafka keeps the order in which the policies of `cleanup.policy` were given.
    return {*expected.split(",")} == {*actual.split(",")}


def _alter(name: str, setting: str, value: str) -> str:
    given = f"[{value}]" if "," in value else value
    return f"Run `kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config {setting}={given}`."


def judge_rights(observed: RightsObserved) -> Verdict:
    """Return whether every user that is in use has exactly the rights of the table (docs/operations/kafka.md)."""
    grant = "Run `piket kafka grant` as a user that may alter the cluster."
    if not observed.has_user:
        return verdict([], "not used: processes do not authenticate (PIKET_KAFKA_SECURITY)")
    if not observed.is_checked:
        cure = f"Set authorizer.class.name to StandardAuthorizer on every node. {grant}"
        return Verdict([Finding("Kafka", "checks no rights: every user may do everything", cure)])
    if not observed.users:
        return Verdict([Finding("Kafka", "gives no user of this deployment any right", grant)])
    findings = [
        Finding(f"User {user}", f"{fault} {name_some(rights)}", grant)
        for user, (missing, surplus) in observed.users.items()
        for fault, rights in (("lacks", missing), ("has without need", surplus))
        if rights
    ]
    return verdict(findings, f"{len(observed.users)} users have the rights that they need, and no other")
