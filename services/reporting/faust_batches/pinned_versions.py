"""The libraries whose private names the batch transport overrides, and the check that they are still there."""

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
RELIED_ON: Mapping[type, str] = {
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


class Unpinned(RuntimeError):
    """A library is not the one whose private names this transport overrides."""


def check_pins() -> None:
    """Refuse to run over other libraries than the pinned ones. Raises `Unpinned`."""
    other = [f"{name} {version(name)}" for name, pinned in VERSIONS.items() if version(name) != pinned]
    gone = [
        f"no {owner.__name__}.{name}"
        for owner, names in RELIED_ON.items()
        for name in set(names.split()) - {*dir(owner)}
    ]
    if other or gone:
        pinned = " and ".join(f"{name} {number}" for name, number in VERSIONS.items())
        raise Unpinned(
            f"The batch transport overrides private names of {pinned}, but found {', '.join(other + gone)}."
            " Nothing was read. Install the locked versions: uv sync."
        )
