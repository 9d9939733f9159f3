"""Pins the libraries whose private names this package overrides, and checks at start that the names still exist."""

from collections.abc import Mapping
from importlib.metadata import version

from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.drivers import aiokafka as driver
from mode.utils.queues import FlowControlQueue

VERSIONS = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
REQUIRED_NAMES: Mapping[type, str] = {
    driver.Consumer: "getmany _getmany _drain_messages _new_offset _new_consumer_thread perform_seek seek_wait"
    " ack on_buffer_full on_partitions_revoked _get_active_partitions _is_changelog_tp",
    driver.AIOKafkaConsumerThread: "_create_worker_consumer _fetch_records _seek_wait seek_to_committed on_start",
    Recovery: "on_recovery_completed need_recovery _add _build_offsets _slurp_changelogs",
    TableManager: "changelog_queue",
    FlowControlQueue: "put",
    GroupCoordinator: "_send_req reset_generation ensure_active_group",
    AIOKafkaClient: "ready send",
    Fetcher: "fetched_records seek_to _proc_fetch_request",
    FetchResult: "getall check_assignment",
    PartitionRecords: "__iter__ _unpack_records",
    AIOKafkaConsumer: "seek_to_committed beginning_offsets end_offsets",
}
"""By class: names that this package overrides or calls, and names whose behaviour it depends on.

Only names that `dir(class)` lists. Instance attributes cannot be checked here: where one is first used, a missing one
raises, see `LeanConsumerThread`.
"""


class VersionMismatch(RuntimeError):
    """An installed library is not the pinned version, or lacks a required name."""


def check_pins() -> None:
    """Raise `VersionMismatch` if another version than the pinned one is installed, or a required name is missing."""
    mismatches = [f"{name} {version(name)}" for name, pinned in VERSIONS.items() if version(name) != pinned]
    missing = [
        f"no {owner.__name__}.{name}"
        for owner, names in REQUIRED_NAMES.items()
        for name in set(names.split()) - {*dir(owner)}
    ]
    if mismatches or missing:
        pinned = " and ".join(f"{name} {number}" for name, number in VERSIONS.items())
        raise VersionMismatch(
            f"The batch transport overrides private names of {pinned}, but found {', '.join(mismatches + missing)}."
            " Nothing was read. Install the locked versions: uv sync."
        )
