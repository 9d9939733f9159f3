"""`python -m tests.bench.run_reader NAME REGION COUNT`: reads the COUNT events of a region and tells what it took.

Every contender decodes each event and adds it to the fact set of its OPD, with the same garbage collector settings; the
facts it ends with are counted and told.
"""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import faust

from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.decoder import Reader
from services.reporting.domain.partitions.partition_state import Row
from services.reporting.faust_batches.batch import Batch
from services.reporting.worker import __main__ as worker
from services.reporting.worker.processor import Processor
from services.reporting.worker.publisher import KafkaOutlet, Outlet
from shared.domain import envelope
from shared.domain.facts.coverage import Coverage
from tests.bench import aiokafka_loop, stock_faust
from tests.bench.measurement import Meter

TOPIC = envelope.topic(os.environ["PIKET_REGIONS"], "attendance")
RUN, BOOTSTRAP, PARTITIONS = os.environ["PIKET_DEPLOYMENT"], os.environ["PIKET_KAFKA"], 3


async def bare(meter: Meter) -> None:
    """An aiokafka loop, nothing durable, nothing committed."""
    known: defaultdict[bytes, FactSet] = defaultdict(lambda: FactSet("32", "DPMPTSP"))
    reader = Reader()
    read = 0
    async with aiokafka_loop.consumer(TOPIC) as consumer:
        while read < meter.count:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                meter.start()
                read += len(records)
                for record in records:
                    fact = reader.read(record.value)
                    known[fact.key].add(fact)
    meter.tell({opd.decode(): len(facts) for opd, facts in known.items()})


def stock(meter: Meter) -> None:
    """Faust as it comes: one agent, one event at a time, one table row per fact."""
    app = stock_faust.app()
    table = app.Table("facts", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    known: defaultdict[bytes, FactSet] = defaultdict(lambda: FactSet("32", "DPMPTSP"))
    reader = Reader()
    read = 0

    @app.agent(app.topic(TOPIC, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"))
    async def fold(stream: faust.Stream) -> None:
        nonlocal read
        async for body in stream:
            meter.start()
            fact = reader.read(body)
            known[fact.key].add(fact)
            table[fact.key + fact.id] = body
            read += 1
            if read == meter.count:
                meter.tell({opd.decode(): len(facts) for opd, facts in known.items()})

    stock_faust.run(app)


class Measured(Processor):
    """The worker's processor; ends the process when every event is acknowledged."""

    meter: Meter

    async def take(self, batch: Batch, acknowledge: Callable[[], object]) -> None:
        """Fold one batch."""
        self.meter.start()
        await super().take(batch, acknowledge)

    async def flush_once(self, outlet: Outlet) -> None:
        """Make durable what is folded."""
        await super().flush_once(outlet)
        if sum(self.positions.values()) >= self.meter.count and not self._folded.records:
            every = (one for known in self._held._known.values() for one in known._facts.items())
            self.meter.tell({opd.decode(): len(facts) for opd, facts in every})


class WithoutRows(Measured):
    """Coverage rows are neither computed nor sent."""

    async def _publish(self, *_: object) -> None:
        pass


class Nowhere(KafkaOutlet):
    """Nothing is written."""

    async def keep(self, partition: int, facts: list[Row]) -> None:  # type: ignore[override]
        pass

    async def publish(self, partition: int, row: Coverage) -> None:
        pass


def piket(processor: type[Measured], outlet: type[KafkaOutlet]) -> Callable[[Meter], None]:
    """The worker as it is deployed, with a meter."""

    def run(meter: Meter) -> None:
        Measured.meter = meter
        planted: Mapping[str, Any] = {"Processor": processor, "KafkaOutlet": outlet}
        vars(worker).update(planted)
        sys.exit(worker.main())

    return run


CONTENDERS: Mapping[str, Callable[[Meter], None]] = {
    "bare": lambda meter: asyncio.run(bare(meter)),
    "fold": piket(WithoutRows, Nowhere),
    "facts": piket(WithoutRows, KafkaOutlet),
    "whole": piket(Measured, KafkaOutlet),
    "stock": stock,
}

if __name__ == "__main__":
    worker.calm_collector()
    CONTENDERS[sys.argv[1]](Meter(int(sys.argv[3])))
