"""Starts the streaming worker: `python -m services.reporting.worker`, one process per core.

Its settings are `WorkerSettings` (docs/operations/settings.md). `piket rebuild-view` sets two of them for a view that
is built beside the one in force. Exit status 2: there is nothing to read; 3: another worker took its static member
name; any other except 0: the worker failed and must be started again.
"""

import asyncio
import gc
import logging
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import faust
import mode
from aiokafka.errors import KafkaError

from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.faust_batches.batch import BatchSchema
from services.reporting.faust_batches.changelog_table import ChangelogTable
from services.reporting.faust_batches.consumer import MAX_FETCH_BYTES, BatchTransport
from services.reporting.faust_batches.credentials import broker_credentials
from services.reporting.faust_batches.pinned_versions import check_pins
from services.reporting.process.exits import EX_NOTHING_TO_READ, EX_SOFTWARE, exit_on_error
from services.reporting.process.log_filter import RateLimitFilter
from services.reporting.process.readiness import WorkerReadiness
from services.reporting.view.generations import exit_if_superseded, exit_when_superseded
from services.reporting.worker import monitors
from services.reporting.worker.changelog import COMPRESSION, TABLE_NAME
from services.reporting.worker.metrics import LagMeter, RebalanceSensor
from services.reporting.worker.processor import Processor
from services.reporting.worker.publisher import KafkaPublisher
from services.reporting.worker.settings import WorkerSettings, readable_regions, resolve_generation
from shared.clock import wall_time
from shared.domain.envelope import source, topic
from shared.failures import START_MESSAGES, exit_with_message
from shared.kafka import broker
from shared.kafka.access import explained
from shared.kafka.connection import connection_of
from shared.kafka.dead_letters import count_unreadable_from_zero
from shared.kafka.errors import AccessRefused
from shared.metrics.server import serve_metrics
from shared.relay.heartbeat import INTERVAL_S
from shared.settings.unknown_variables import log_unknown_variables
from shared.telemetry import configure_logging
from shared.tracing.setup import configure_tracing, stop_tracing

log = logging.getLogger(__name__)

QUEUED_BATCHES = 16
"""Batches that may wait between fetch and fold."""
WRITE_TIMEOUT_MS = 30_000
"""How long a write may wait for a broker that does not answer, or in a busy process, before the worker ends."""


def build_app(settings: WorkerSettings, regions: Sequence[str], readiness: WorkerReadiness) -> faust.App:
    """Return the Faust app that folds the facts of these regions. Nothing is started yet."""
    app = faust.App(
        settings.app_id(),
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        broker_credentials=broker_credentials(connection_of(settings)),
        datadir=Path(tempfile.gettempdir(), settings.app_id()),
        store="memory://",  # stays empty: `Processor` holds the facts
        topic_partitions=settings.partitions,
        topic_allow_declare=False,  # `piket topics create` makes them, with their own settings
        topic_disable_leader=True,  # else Faust declares a topic for the election of a leader
        table_standby_replicas=0,  # a recovery is short, and standbys would load the other workers
        web_enabled=False,
        stream_wait_empty=False,  # Faust's wait may never return
        stream_buffer_maxsize=QUEUED_BATCHES,
        stream_recovery_delay=0.0,
        consumer_max_fetch_size=MAX_FETCH_BYTES,
        broker_commit_interval=1.0,
        broker_commit_every=None,
        broker_session_timeout=settings.session_timeout_s,
        broker_request_timeout=max(90.0, 1.1 * settings.session_timeout_s),  # Faust requires more than the session
        broker_heartbeat_interval=settings.session_timeout_s / 4,
        consumer_group_instance_id=settings.member or None,
    )
    app.transport = BatchTransport(app.conf.broker_consumer, app)
    wire(app, settings, regions, readiness)
    return app


def wire(app: faust.App, settings: WorkerSettings, regions: Sequence[str], readiness: WorkerReadiness) -> None:
    """Connect topics, agent, changelog, flush and monitors to the app."""
    sources = {topic(region, service): source(region, service) for region in regions for service in SOURCE_SERVICES}
    count_unreadable_from_zero("worker", sources)
    processor = Processor(sources, settings.since, staged=settings.staged)
    lag_meter, rebalances = LagMeter(), RebalanceSensor()
    app.sensors.add(rebalances)
    check_generation = partial(exit_if_superseded, connection_of(settings), settings.deployment, settings.generation)
    committed = partial(broker.committed_offsets, connection_of(settings), settings.app_id())
    changelog = ChangelogTable(app, TABLE_NAME, settings.partitions, processor, check_generation, committed)
    events = app.topic(*sources, schema=BatchSchema(), maxsize=QUEUED_BATCHES)

    @app.agent(events, name="coverage")
    async def fold(stream: faust.Stream) -> None:
        with exit_on_error("folding a batch failed"):
            await processor.process_stream(lag_meter.measure_batches(stream.noack().events()))

    @app.task
    async def flush() -> None:
        with exit_on_error("writing facts or coverage rows failed"):
            await write_results(app, settings, processor)

    @app.on_partitions_revoked.connect
    @app.on_before_shutdown.connect
    async def pause(*_: object, **__: object) -> None:
        await processor.pause()  # Faust awaits this: no row of this worker comes after the next owner's rows

    monitors.watch_missing_topics(app, sources, processor)
    monitors.balance_sources(app, processor)
    monitors.watch_progress(app, changelog, processor, (lag_meter, rebalances, readiness), settings.hang_s)


async def write_results(app: faust.App, settings: WorkerSettings, processor: Processor) -> None:
    """Write facts, coverage rows and positions with one producer; end when a later generation is in force."""
    connection = connection_of(settings)
    async with explained(connection), broker.producer(connection, WRITE_TIMEOUT_MS, COMPRESSION) as producer:
        app.transport.membership.enforce_lease(producer.client)
        publisher = KafkaPublisher(producer, settings.changelog(), settings.generation, staged=settings.staged)
        await asyncio.gather(
            processor.flush(publisher),
            publish_positions(app, processor, publisher),
            exit_when_superseded(connection, settings.deployment, settings.generation),
        )


async def publish_positions(app: faust.App, processor: Processor, publisher: KafkaPublisher) -> None:
    """Publish the durable positions periodically, except during a rebalance or recovery, until cancelled."""
    while True:
        if not (app.rebalancing or app.in_recovery):
            positions = processor.durable_positions(app.consumer.start_offsets(), wall_time())
            await asyncio.gather(*map(publisher.write_positions, positions))
        await asyncio.sleep(INTERVAL_S)


def tune_garbage_collector() -> None:
    """Make the garbage collector run rarely: facts live for days and form no reference cycles."""
    # With the default thresholds, traversing the facts took more time than folding them.
    gc.set_threshold(50_000, 20, 100)


def run(app: faust.App) -> None:
    """Run the app until SIGTERM, and send its spans if traces are configured."""
    configure_tracing("worker")
    monitors.limit_shutdown(app)
    try:
        # mode would replace the handlers, and with them the redaction of personal data.
        mode.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False).execute_from_commandline()
    finally:
        stop_tracing()


def main() -> int:
    """Run until SIGTERM. Return the exit status."""
    configure_logging("worker")
    log_unknown_variables()
    tune_garbage_collector()
    for library in ("faust", "mode", "aiokafka"):
        logging.getLogger(library).setLevel(logging.WARNING)
    # On the handler: a filter of the root logger does not see the records of other loggers.
    logging.getLogger().handlers[0].addFilter(RateLimitFilter())
    check_pins()
    with exit_with_message(START_MESSAGES):
        settings, readiness = WorkerSettings(), WorkerReadiness()
        serve_metrics(settings.metrics_port, "worker", settings.metrics_host, readiness.report)
    try:
        settings = asyncio.run(resolve_generation(settings))
        regions = asyncio.run(readable_regions(settings))
    except AccessRefused as refusal:
        log.critical("The worker ends. %s", refusal)
        return EX_SOFTWARE
    except KafkaError as error:
        log.critical("The worker ends: Kafka at %s did not answer (%s). Nothing was read.", settings.kafka, error)
        return EX_SOFTWARE
    if not regions:
        return EX_NOTHING_TO_READ
    run(build_app(settings, regions, readiness))
    return 0


if __name__ == "__main__":
    sys.exit(main())
