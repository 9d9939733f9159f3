"""Asks Kafka for its brokers and topics, their settings, and the folders in which it stores records."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SecurityDisabled
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.api import RequestStruct

from deploy.doctor.judgement.log import (
    BrokersObserved,
    RightsObserved,
    SettingsObserved,
    TopicObserved,
    TopicsObserved,
    VersionRange,
)
from deploy.doctor.judgement.machines import DiskObserved
from deploy.doctor.probes.disks import disk
from deploy.doctor.probes.signals import Examination
from deploy.kafka_rights.granting import read_differences
from deploy.kafka_rights.users import users
from services.reporting.view.generations import current_generation, view_topic
from services.reporting.worker.changelog import changelog_topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection, connection_of
from shared.kafka.errors import AccessRefused
from shared.settings import Settings

REQUEST_MS = 4_000
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
COMPACTED = {"cleanup.policy": "compact"}


async def observe_brokers(examination: Examination) -> BrokersObserved:
    """Connect to every broker of the cluster and ask which requests it answers."""
    connection = connection_of(examination.settings)
    try:
        async with broker.admin_client(connection, REQUEST_MS) as client:
            members = (await client.describe_cluster())["brokers"]
    except AccessRefused as refusal:
        return BrokersObserved(connection.servers, {}, {}, str(refusal))
    except (KafkaError, OSError):
        return BrokersObserved(connection.servers, {}, {})
    answers = {f"{member['host']}:{member['port']}": await _version_ranges(connection, member) for member in members}
    return BrokersObserved(connection.servers, answers, _client_versions())


async def _version_ranges(connection: KafkaConnection, member: Mapping[str, Any]) -> Mapping[int, VersionRange] | None:
    options = {"request_timeout_ms": REQUEST_MS, **connection.authentication()}
    try:
        session = await create_conn(member["host"], member["port"], **options)
    except (KafkaError, OSError):
        return None
    try:
        answer = await session.send(ApiVersionRequest())
    finally:
        session.close()
    return {key: (lowest, highest) for key, lowest, highest in answer.api_versions}


def _client_versions() -> Mapping[int, frozenset[int]]:
    """Return the versions of each request that aiokafka can send, from the classes that it defines for them."""
    versions = defaultdict[int, set[int]](set)
    for request in RequestStruct.__subclasses__():
        versions[request.API_KEY].add(request.API_VERSION)
    return {key: frozenset(numbers) for key, numbers in versions.items()}


async def observe_topics(examination: Examination) -> TopicsObserved:
    """Read the partitions of all topics."""
    settings = examination.settings
    async with broker.admin_client(connection_of(settings), REQUEST_MS) as client:
        described = await client.describe_topics()
    sizes = {name: settings.partitions for region in settings.region_list() for name in broker.topics_of(region)}
    expected = {**sizes, await _changelog(settings): settings.partitions, view_topic(settings.deployment): 1}
    return TopicsObserved(expected, {entry["topic"]: _topic(entry["partitions"]) for entry in described})


def _topic(partitions: Sequence[Mapping[str, Any]]) -> TopicObserved:
    return TopicObserved(len(partitions), sorted(p["partition"] for p in partitions if p["leader"] < 0))


async def _changelog(settings: Settings) -> str:
    generation = await current_generation(connection_of(settings), settings.deployment)
    return changelog_topic(settings.deployment, generation.number)


async def observe_topic_settings(examination: Examination) -> SettingsObserved:
    """Read the settings of all topics of the deployment."""
    settings = examination.settings
    expected = {name: values for region in settings.region_list() for name, values in broker.topics_of(region).items()}
    expected |= dict.fromkeys((await _changelog(settings), view_topic(settings.deployment)), COMPACTED)
    async with broker.admin_client(connection_of(settings), REQUEST_MS) as client:
        return SettingsObserved(expected, await _configs(client, ConfigResourceType.TOPIC, list(expected)))


async def _configs(
    client: AIOKafkaAdminClient, kind: ConfigResourceType, names: Sequence[str]
) -> Mapping[str, Mapping[str, str]]:
    answers = await client.describe_configs([ConfigResource(kind, name) for name in names])
    # A resource is (error code, error message, type, name, entries), an entry is (name, value, …).
    resources = [resource for answer in answers for resource in answer.resources]
    return {resource[3]: {entry[0]: entry[1] or "" for entry in resource[4]} for resource in resources}


async def observe_rights(examination: Examination) -> RightsObserved:
    """Compare the rights of the deployment's users with the table, if processes authenticate."""
    settings = examination.settings
    connection = connection_of(settings)
    if not connection.security.has_user:
        return RightsObserved(has_user=False)
    try:
        differences = await read_differences(connection, users(settings.deployment, settings.region_list()))
    except SecurityDisabled:
        return RightsObserved(is_checked=False)
    texts = {user: (sorted(map(str, d.missing)), sorted(map(str, d.surplus))) for user, d in differences.items()}
    return RightsObserved(users=texts)


async def observe_log_disks(examination: Examination) -> Sequence[DiskObserved]:
    """Return the disks on which brokers of this machine store records; none if no broker runs on this machine."""
    async with broker.admin_client(connection_of(examination.settings), REQUEST_MS) as client:
        members = (await client.describe_cluster())["brokers"]
        local = [str(member["node_id"]) for member in members if member["host"] in LOOPBACK]
        configs = await _configs(client, ConfigResourceType.BROKER, local) if local else {}
    folders = [folder for values in configs.values() for folder in values.get("log.dirs", "").split(",") if folder]
    # A broker of another machine may be reached through a tunnel: its folders do not exist here.
    return [observed for folder in folders if (observed := disk("Kafka", Path(folder))).free_bytes is not None]
