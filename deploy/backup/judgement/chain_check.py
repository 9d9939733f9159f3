"""Checks that the events of a source have no gap and that their hash chain is intact."""

from pydantic_core import from_json

from shared.domain import envelope
from shared.domain.envelope import FIRST_CHAIN

MAX_WAITING = 200_000
"""Events that may wait for an earlier one. A dump lists rows as they lie on the disk, nearly in their order."""


class ChainBroken(Exception):
    """An event is missing, was altered, or does not belong to the source."""

    def __init__(self, source: str, sequence: int) -> None:
        super().__init__(f"{source}: broken at sequence {sequence}.")


class SourceCheck:
    """Follows the events of one source. `sequence` and `chain` are those of the last event without a gap before it."""

    def __init__(self, source: str) -> None:
        self.source, self.sequence, self.chain = source, 0, FIRST_CHAIN
        self._waiting: dict[int, bytes] = {}

    def add(self, sequence: int, body: bytes) -> None:
        """Check an event and those that waited for it. Raise `ChainBroken` if one does not follow its predecessor."""
        self._waiting[sequence] = body
        while (next_body := self._waiting.pop(self.sequence + 1, None)) is not None:
            self._follow(next_body)
        if len(self._waiting) > MAX_WAITING:
            self.finish()

    def finish(self) -> None:
        """Raise `ChainBroken` if an event still waits for an earlier one, or was added twice."""
        if self._waiting:
            raise ChainBroken(self.source, self.sequence + 1)

    def _follow(self, body: bytes) -> None:
        try:
            content = from_json(body)
            place = content["source"], int(content["sequence"])
            follows = place == (self.source, self.sequence + 1) and envelope.is_chained_to(body, self.chain)
        except (ValueError, TypeError, KeyError):
            follows = False
        if not follows:
            raise ChainBroken(self.source, self.sequence + 1)
        self.sequence, self.chain = self.sequence + 1, content["chain"]
