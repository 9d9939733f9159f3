"""Reads the COUNT events of a region and prints the time: `... run_reader NAME REGION COUNT`.

All contenders decode the events and add them to the fact set of their OPD, with the same garbage collector settings.
They print the number of facts at the end.
"""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import faust

from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.decoder import Decoder
from services.reporting.domain.partitions.partition_state import ChangelogRecord
from services.reporting.faust_batches.batch import PartitionBatch
from services.reporting.worker import __main__ as worker
from services.reporting.worker.processor import Processor
from services.reporting.worker.publisher import Headers, KafkaPublisher, Publisher
from shared.domain import envelope
from shared.domain.facts.coverage import Coverage
from tests.bench import aiokafka_loop, stock_faust
from tests.bench.measurement import Meter

TOPIC = envelope.topic(os.environ["PIKET_REGIONS"], "attendance")
RUN, BOOTSTRAP, PARTITIONS = os.environ["PIKET_DEPLOYMENT"], os.environ["PIKET_KAFKA"], 3


async def run_aiokafka_loop(meter: Meter) -> None:
    """Run an aiokafka loop without durable rows and commits."""
    fact_sets: defaultdict[bytes, FactSet] = defaultdict(lambda: FactSet("32", "DPMPTSP"))
    decoder = Decoder()
    read = 0
    async with aiokafka_loop.consumer(TOPIC) as consumer:
        while read < meter.count:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                meter.start()
                read += len(records)
                for record in records:
                    fact = decoder.decode(record.value)
                    fact_sets[fact.key].add(fact)
    meter.print_result_and_exit({opd.decode(): len(facts) for opd, facts in fact_sets.items()})


def run_stock_faust(meter: Meter) -> None:
    """Run stock Faust: one agent, one event at a time, one table row per fact."""
    app = stock_faust.app()
    table = app.Table("facts", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    fact_sets: defaultdict[bytes, FactSet] = defaultdict(lambda: FactSet("32", "DPMPTSP"))
    decoder = Decoder()
    read = 0

    @app.agent(app.topic(TOPIC, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"))
    async def fold(stream: faust.Stream) -> None:
        nonlocal read
        async for body in stream:
            meter.start()
            fact = decoder.decode(body)
            fact_sets[fact.key].add(fact)
            table[fact.key + fact.id] = body
            read += 1
            if read == meter.count:
                meter.print_result_and_exit({opd.decode(): len(facts) for opd, facts in fact_sets.items()})

    stock_faust.run(app)


class MeasuredProcessor(Processor):
    """The worker's processor, which exits when all events are acknowledged."""

    meter: Meter

    async def process_batch(self, batch: PartitionBatch, acknowledge: Callable[[], object]) -> None:
        """Process one batch."""
        self.meter.start()
        await super().process_batch(batch, acknowledge)

    async def flush_once(self, publisher: Publisher) -> None:
        """Flush pending facts, and exit if all events were read."""
        await super().flush_once(publisher)
        if sum(self.positions.values()) >= self.meter.count and not self._pending.record_count:
            fact_sets = (item for region in self._partitions._regions.values() for item in region._fact_sets.items())
            self.meter.print_result_and_exit({opd.decode(): len(facts) for opd, facts in fact_sets})


class ProcessorWithoutRows(MeasuredProcessor):
    """A processor that neither computes nor sends coverage rows."""

    async def _publish_rows(self, *_: object) -> None:
        pass


class NullPublisher(KafkaPublisher):
    """A publisher that writes nothing."""

    async def write_changelog(self, partition: int, facts: list[ChangelogRecord]) -> None:  # type: ignore[override]
        pass

    async def publish(self, partition: int, row: Coverage, headers: Headers = ()) -> None:
        pass


def piket_contender(processor: type[MeasuredProcessor], publisher: type[KafkaPublisher]) -> Callable[[Meter], None]:
    """Return a contender that runs the worker as it is deployed, with a meter."""

    def run(meter: Meter) -> None:
        MeasuredProcessor.meter = meter
        replacements: Mapping[str, Any] = {"Processor": processor, "KafkaPublisher": publisher}
        vars(worker).update(replacements)
        sys.exit(worker.main())

    return run


CONTENDERS: Mapping[str, Callable[[Meter], None]] = {
    "bare": lambda meter: asyncio.run(run_aiokafka_loop(meter)),
    "fold": piket_contender(ProcessorWithoutRows, NullPublisher),
    "facts": piket_contender(ProcessorWithoutRows, KafkaPublisher),
    "whole": piket_contender(MeasuredProcessor, KafkaPublisher),
    "stock": run_stock_faust,
}

if __name__ == "__main__":
    worker.tune_garbage_collector()
    CONTENDERS[sys.argv[1]](Meter(int(sys.argv[3])))
