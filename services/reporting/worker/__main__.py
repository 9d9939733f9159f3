"""Wiring of the streaming worker: `python -m services.reporting.worker`, one process per core.

Settings: PIKET_KAFKA, PIKET_REGIONS (comma separated), PIKET_DEPLOYMENT, PIKET_PARTITIONS, PIKET_METRICS_PORT,
PIKET_MEMBER, PIKET_SESSION_TIMEOUT_S, PIKET_HANG_S; PIKET_GENERATION, PIKET_SINCE for a view that is built beside the
one in force (`piket rebuild-view`). Exit status 2: nothing to read; 3: another worker took its place; any other but 0:
ended by itself, to be started again.
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
from prometheus_client import REGISTRY

from services.reporting.domain.freshness import READ
from services.reporting.faust_batches.batch import BatchSchema
from services.reporting.faust_batches.consumer import FETCH_BYTES, Transport
from services.reporting.faust_batches.pinned_versions import check_pins
from services.reporting.process.exits import EX_SOFTWARE, fatal
from services.reporting.view.generations import check, serve
from services.reporting.worker import monitors
from services.reporting.worker.changelog import COMPRESSION, Changelog
from services.reporting.worker.metrics import Reading, Rounds
from services.reporting.worker.processor import Processor
from services.reporting.worker.publisher import KafkaOutlet
from services.reporting.worker.settings import WorkerSettings, readable, told
from shared.clock import wall
from shared.domain.envelope import source, topic
from shared.kafka import broker
from shared.relay.heartbeat import EVERY_S
from shared.telemetry import PortTaken, configure, serve_metrics

log = logging.getLogger(__name__)

EX_NOTHING_TO_READ = 2
QUEUED = 16
"""Batches between fetch and fold."""
SAID_AGAIN_S = 10.0
PATIENCE_MS = 30_000
"""How long a write may wait for an absent broker, or for its turn in a busy process, before the worker ends."""


def build(settings: WorkerSettings, regions: Sequence[str]) -> faust.App:
    """Answer the Faust app that folds the facts of these regions; nothing is started."""
    app = faust.App(
        settings.app_id(),
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        datadir=Path(tempfile.gettempdir(), settings.app_id()),
        store="memory://",
        topic_partitions=settings.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        web_enabled=False,
        stream_wait_empty=False,
        stream_buffer_maxsize=QUEUED,
        stream_recovery_delay=0.0,
        consumer_max_fetch_size=FETCH_BYTES,
        broker_commit_interval=1.0,
        broker_commit_every=None,
        broker_session_timeout=settings.session_timeout_s,
        broker_request_timeout=max(90.0, 1.1 * settings.session_timeout_s),
        broker_heartbeat_interval=settings.session_timeout_s / 4,
        consumer_group_instance_id=settings.member or None,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    wire(app, settings, regions)
    return app


def wire(app: faust.App, settings: WorkerSettings, regions: Sequence[str]) -> None:
    """Connect topics, agent, changelog and flush."""
    sources = {topic(region, service): source(region, service) for region in regions for service in READ}
    processor, reading, rounds = Processor(sources, settings.since, staged=settings.staged), Reading(), Rounds()
    app.sensors.add(rounds)
    view = settings.kafka, settings.deployment, settings.generation
    committed = partial(broker.committed, settings.kafka, settings.app_id())
    changelog = Changelog(app, settings.partitions, processor, partial(check, *view), committed)
    events = app.topic(*sources, schema=BatchSchema(), maxsize=QUEUED)

    @app.agent(events, name="coverage")  # type: ignore[untyped-decorator]
    async def fold(stream: faust.Stream) -> None:
        with fatal("folding a batch failed"):
            await processor.process(reading.seen(stream.noack().events()))

    @app.task  # type: ignore[untyped-decorator]
    async def flush() -> None:
        with fatal("writing facts or coverage rows failed"):
            async with broker.producer(settings.kafka, PATIENCE_MS, COMPRESSION) as producer:
                app.transport.membership.guard(producer.client)
                outlet = KafkaOutlet(producer, settings.changelog(), settings.generation, staged=settings.staged)
                await asyncio.gather(processor.flush(outlet), say(app, processor, outlet), serve(*view))

    @app.on_partitions_revoked.connect  # type: ignore[untyped-decorator]
    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
    async def pause(*_: object, **__: object) -> None:
        await processor.pause()

    monitors.whole(app, sources, processor)
    monitors.pace(app, processor)
    monitors.progress(app, changelog, processor, (reading, rounds), settings.hang_s)


async def say(app: faust.App, processor: Processor, outlet: KafkaOutlet) -> None:
    """Tell how far the rows reach, for ever, but not in a rebalance or recovery."""
    while True:
        if not (app.rebalancing or app.in_recovery):
            await asyncio.gather(*map(outlet.tell, processor.words(app.consumer.begins(), wall())))
        await asyncio.sleep(EVERY_S)


def calm_collector() -> None:
    """Collect cycles rarely: facts stay for days and form none, and walking them took more time than folding them."""
    gc.set_threshold(50_000, 20, 100)


class Seldom(logging.Filter):
    """Let a line of the Kafka client pass once in ten seconds: while a broker is away it logs every attempt."""

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line is written."""
        line, at = f"{record.name}{record.msg}", record.created
        if not record.name.startswith("aiokafka") or at - self._passed.get(line, 0.0) > SAID_AGAIN_S:
            self._passed[line] = at
            return True
        return False


def main() -> int:
    """Run until SIGTERM; answers the exit status."""
    configure("worker")
    calm_collector()
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger().handlers[0].addFilter(Seldom())
    check_pins()
    given = WorkerSettings()
    try:
        settings = asyncio.run(told(given))
        regions = asyncio.run(readable(settings))
    except KafkaError as away:
        log.critical("The worker ends: Kafka at %s did not answer (%s). Nothing was read.", given.kafka, away)
        return EX_SOFTWARE
    if not regions:
        return EX_NOTHING_TO_READ
    try:
        serve_metrics(settings.metrics_port, REGISTRY)
    except PortTaken as taken:
        log.critical("The worker ends: %s Nothing was read.", taken)
        return EX_SOFTWARE
    app = build(settings, regions)
    mode.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False).execute_from_commandline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
