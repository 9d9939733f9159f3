"""Wiring of the streaming worker: `python -m services.reporting.worker`, one process per core.

Settings: PIKET_KAFKA, PIKET_REGIONS (comma separated), PIKET_DEPLOYMENT, PIKET_PARTITIONS, PIKET_METRICS_PORT.
Exit status 2: nothing to read; any other but 0: ended by itself, to be started again.
"""

import asyncio
import gc
import logging
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import faust
import mode
from prometheus_client import REGISTRY, Gauge

from services.reporting.changelog import Changelog, app_id, changelog_topic
from services.reporting.fatal import fatal
from services.reporting.outlet import KafkaOutlet
from services.reporting.pins import check_pins
from services.reporting.processor import Processor
from services.reporting.pulse import READ
from services.reporting.transport import FETCH_BYTES, BatchSchema, Transport
from shared import kafka
from shared.clock import wall
from shared.events import source, topic
from shared.heartbeat import EVERY_S
from shared.settings import Settings
from shared.telemetry import configure, serve_metrics

log = logging.getLogger(__name__)

EX_NOTHING_TO_READ = 2
QUEUED = 16
"""Batches between fetch and fold."""
LAG_EVERY_S, WHOLE_EVERY_S = 2.0, 3.0
SAID_AGAIN_S = 10.0
PATIENCE_MS = 30_000
"""How long a write may wait for an absent broker, or for its turn in a busy process, before the worker ends."""

LAG = Gauge("piket_worker_lag", "Records of a partition that are not read yet", ("topic", "partition"))


class LeftOut(Exception):
    """Topics that were missing when partitions were assigned: Faust would never read them again."""


class WorkerSettings(Settings):
    """What only a worker is told."""

    session_timeout_s: float = 10.0
    """Seconds after which the group gives a silent worker's partitions to others."""


def build(settings: WorkerSettings, regions: Sequence[str]) -> faust.App:
    """Answer the Faust app that folds the facts of these regions; nothing is started."""
    app = faust.App(
        app_id(settings.deployment),
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        datadir=Path(tempfile.gettempdir(), app_id(settings.deployment)),
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
        broker_heartbeat_interval=settings.session_timeout_s / 4,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    wire(app, settings, regions)
    return app


def wire(app: faust.App, settings: WorkerSettings, regions: Sequence[str]) -> None:
    """Connect topics, agent, changelog and flush."""
    sources = {topic(region, service): source(region, service) for region in regions for service in READ}
    processor = Processor(sources)
    Changelog(app, settings.partitions, processor)
    events = app.topic(*sources, schema=BatchSchema(), maxsize=QUEUED)

    @app.agent(events, name="coverage")  # type: ignore[untyped-decorator]
    async def fold(stream: faust.Stream) -> None:
        with fatal("folding a batch failed"):
            await processor.process(stream.noack().events())

    @app.task  # type: ignore[untyped-decorator]
    async def flush() -> None:
        with fatal("writing facts or coverage rows failed"):
            async with kafka.producer(settings.kafka, PATIENCE_MS) as producer:
                outlet = KafkaOutlet(producer, changelog_topic(settings.deployment))
                await asyncio.gather(processor.flush(outlet), say(app, processor, outlet))

    watch(app, processor, sources)


async def say(app: faust.App, processor: Processor, outlet: KafkaOutlet) -> None:
    """Tell how far the rows reach, for ever, but not in a rebalance or recovery."""
    while True:
        if not (app.rebalancing or app.in_recovery):
            await asyncio.gather(*map(outlet.tell, processor.words(app.consumer.begins(), wall())))
        await asyncio.sleep(EVERY_S)


def watch(app: faust.App, processor: Processor, topics: Iterable[str]) -> None:
    """Measure the lag, and notice what Faust does not read."""

    @app.timer(LAG_EVERY_S)  # type: ignore[untyped-decorator]
    async def lag() -> None:
        LAG.clear()
        for tp, following in processor.positions.items():
            with suppress(AssertionError):  # revoked: aiokafka knows no end of it
                LAG.labels(tp.topic, tp.partition).set((app.consumer.highwater(tp) or following) - following)

    @app.timer(WHOLE_EVERY_S)  # type: ignore[untyped-decorator]
    async def whole() -> None:
        unread = left_out(app.consumer.assignment(), topics, read_before=bool(processor.positions))
        if unread and not app.rebalancing:
            with fatal("Faust left topics out that were missing for a moment"):
                raise LeftOut(", ".join(unread))


def left_out(assigned: Iterable[tuple[str, int]], topics: Iterable[str], *, read_before: bool) -> list[str]:
    """Topics that lack a partition number which another topic was assigned: all have the same partitions.

    All of them, when a worker that has read is left with none: it starts again, as a spare if others have them all.
    """
    numbers: dict[str, set[int]] = {name: set() for name in topics}
    for name, number in assigned:
        numbers.get(name, set()).add(number)
    every = set().union(*numbers.values())
    return sorted(name for name, held in numbers.items() if held != every or (read_before and not every))


async def readable(settings: WorkerSettings) -> Sequence[str]:
    """Regions whose topics are all there. The others, or a missing changelog, are named in the log."""
    sizes = await kafka.topic_sizes(settings.kafka)
    changelog = changelog_topic(settings.deployment)
    if sizes.get(changelog) != settings.partitions:
        log.error("%s", kafka.absent_topics([changelog]))
        return ()
    return [region for region in settings.region_list() if _has_topics(region, sizes, settings.partitions)]


def _has_topics(region: str, sizes: dict[str, int], partitions: int) -> bool:
    trouble = kafka.missing(sizes, [region], partitions)
    if trouble:
        log.error("Region %s is not read: %s", region, trouble)
    return trouble is None


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
    settings = WorkerSettings()
    check_pins()
    regions = asyncio.run(readable(settings))
    if not regions:
        return EX_NOTHING_TO_READ
    serve_metrics(settings.metrics_port, REGISTRY)
    app = build(settings, regions)
    mode.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False).execute_from_commandline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
