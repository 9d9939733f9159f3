"""Holds the facts of all regions in the partitions assigned to a worker, until their days are closed. Pure.

`PartitionState` contains `RegionState` contains `FactSet` contains `FactIndex`. They share four verbs: `add` (a new
fact), `restore` (from the changelog), `close_days` (delete by time) and `release` (a partition was revoked).
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from services.reporting.domain.fact_store.compact import ONE_DAY, first_open_date
from services.reporting.domain.partitions.region_state import RegionState
from services.reporting.domain.partitions.watermarks import low_watermark, sources_to_pause
from shared.domain.facts.coverage import Coverage

CLOSE_GRACE_S = 86_400.0
"""How much longer a day stays open than its facts count: a relay may be late."""
STATE_KEY_SUFFIX = b"/-|state"


class ChangelogRecord(NamedTuple):
    """A record for the changelog: a fact or the state of a region.

    Fact: key `{region}/{opd}|{event id}`, value the bytes of the event, None after its day was closed. State: key
    `{region}/-|state`, value a `ChangelogState` as JSON.
    """

    key: bytes
    value: bytes | None


def region_of_state_key(key: bytes) -> str | None:
    """Return the region if a changelog key belongs to a state; None for the key of a fact."""
    return key.removesuffix(STATE_KEY_SUFFIX).decode() if key.endswith(STATE_KEY_SUFFIX) else None


class RegionPartition(NamedTuple):
    """A region and a partition number of its topics."""

    region: str
    partition: int


class OpdPartition(NamedTuple):
    """An OPD in a partition; `opd` is the record key `{region}/{opd}`."""

    region_partition: RegionPartition
    opd: bytes


class PartitionState:
    """The region states of all assigned partitions.

    `sources` maps each topic to its source. No rows are made of dates before `since`. `staged`: rows are written to a
    staged view beside the one that people read.

    The rows of restored facts are published again, because a worker may have been killed after it stored a fact and
    before it published the row. Until then no day of that region and partition is closed.
    """

    def __init__(self, sources: Mapping[str, str], since: date | None, *, staged: bool = False) -> None:
        self._sources, self._staged = sources, staged
        self._regions: defaultdict[RegionPartition, RegionState] = defaultdict(
            lambda: RegionState(since, staged=staged)
        )
        self._restored: set[int] = set()
        self._republish: deque[OpdPartition] = deque()
        self._unpublished: set[RegionPartition] = set()
        self._low_watermarks: dict[RegionPartition, float] = {}

    def region_state(self, key: RegionPartition) -> RegionState:
        """Return the state of a region in a partition; create it if it is new."""
        return self._regions[key]

    def dates(self, opd: OpdPartition) -> Collection[date]:
        """Return the service dates for which an OPD has a row; none if its partition was revoked."""
        return self._regions[opd.region_partition].dates(opd.opd) if opd.region_partition in self._regions else ()

    def row(self, opd: OpdPartition, day: date) -> Coverage | None:
        """Return a row of an OPD; None if its partition was revoked or the date has no row."""
        return self._regions[opd.region_partition].row(opd.opd, day) if opd.region_partition in self._regions else None

    def state_records(self, key: RegionPartition) -> Iterator[ChangelogRecord]:
        """Yield the changelog record of a region's state; nothing if the partition was revoked."""
        if key in self._regions:
            yield ChangelogRecord(key.region.encode() + STATE_KEY_SUFFIX, self._regions[key].encode_state())

    def restore(self, partition: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Store the changelog of a newly assigned partition, given as keys and values; None marks a deleted fact."""
        self._restored.add(partition)
        # By the bytes of the region, so that no RegionPartition is built for each of millions of records.
        regions: dict[bytes, RegionState] = {}
        for record_key, value in records:
            if value is not None:
                opd = record_key.partition(b"|")[0]
                region = opd.partition(b"/")[0]
                if region not in regions:
                    regions[region] = self._regions[RegionPartition(region.decode(), partition)]
                regions[region].restore(opd, value)

    def schedule_republish(self) -> int:
        """Queue every OPD of the partitions restored since the last call for publishing; return their number."""
        restored, self._restored = self._restored, set()
        regions = sorted(key for key in self._regions if key.partition in restored)
        opds = [OpdPartition(key, opd) for key in regions for opd in sorted(self._regions[key].opds())]
        self._republish.extend(opds)
        self._unpublished |= {opd.region_partition for opd in opds}
        self._update_staged(regions)
        return len(opds)

    def has_pending(self) -> bool:
        """Return whether an OPD is queued for publishing."""
        return bool(self._republish)

    def next_to_republish(self, limit: int) -> Iterator[tuple[OpdPartition, Collection[date]]]:
        """Take up to `limit` OPD from the queue; yield each with the dates whose rows must be published."""
        for opd in [self._republish.popleft() for _ in range(min(limit, len(self._republish)))]:
            yield opd, self.dates(opd)

    def mark_published(self) -> set[RegionPartition]:
        """Record that the rows of all OPD taken from the queue are published.

        Return the regions and partitions that are no longer staged: their state must be written to the changelog.
        """
        self._unpublished = {opd.region_partition for opd in self._republish}
        return self._update_staged(self._regions)

    def _update_staged(self, regions: Iterable[RegionPartition]) -> set[RegionPartition]:
        # A state can be recovered as staged: its rows are on the staging topic. Readers have all of them only after
        # this worker has published them again.
        done: set[RegionPartition] = set()
        if not self._staged:
            done = {key for key in regions if self._regions[key].staged and self._is_published(key)}
        for key in regions:
            self._regions[key].staged = self._staged or (self._regions[key].staged and key not in done)
        return done

    def is_visible(self, key: RegionPartition) -> bool:
        """Return whether the view that people read has a row of every restored fact, from this worker or another."""
        return key not in self._regions or not self._regions[key].staged

    def _is_published(self, key: RegionPartition) -> bool:
        return key not in self._unpublished and key.partition not in self._restored

    def release(self, partition: int) -> None:
        """Delete the facts of a partition that now belongs to another worker."""
        for key in [key for key in self._regions if key.partition == partition]:
            del self._regions[key]
            self._low_watermarks.pop(key, None)

    def update_watermarks(self, at_end: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
        """Update the low watermarks; return the topic-partitions to pause until slower sources have caught up.

        `at_end` are the topic-partitions that were read to their end.
        """
        to_pause: set[tuple[str, int]] = set()
        for key, state in self._regions.items():
            topics = {source: topic for topic, source in self._sources.items() if topic.split(".")[1] == key.region}
            finished = {source for source, topic in topics.items() if (topic, key.partition) in at_end}
            self._low_watermarks[key] = low_watermark(state.reached, topics, finished)
            to_pause |= {
                (topics[source], key.partition) for source in sources_to_pause(state.reached, topics, finished)
            }
        return to_pause

    def close_days(self, pending: Mapping[OpdPartition, Iterable[date]]) -> Iterator[tuple[int, ChangelogRecord]]:
        """Delete the days whose facts can no longer change; yield partition and changelog record of each change.

        `pending` are rows that are not published yet: their days stay open.
        """
        for key in filter(self._is_published, self._regions):
            state = self._regions[key]
            until = self._low_watermarks.get(key, 0.0) - CLOSE_GRACE_S
            pending_days = (day for opd, days in pending.items() if opd.region_partition == key for day in days)
            # A row depends on the facts of the next date too: the row before the first open date can still change.
            first = min([first_open_date(max(until, 0.0)) - ONE_DAY, *pending_days])
            # Not above 0 while a source was never read.
            if until > 0 and (state.first is None or first > state.first):
                deleted = [
                    ChangelogRecord(b"%b|%b" % (opd, fact_id.hex().encode()), None)
                    for opd, fact_id in state.close_days(first)
                ]
                # The state goes first: after a crash in between, the changelog never has rows of half a day.
                yield from ((key.partition, record) for record in (*self.state_records(key), *deleted))
