"""Says whether the view was loaded. Afterwards it may be behind: the board then says that coverage is unknown."""

from services.reporting.view.rows import CoverageView
from shared.health.readiness import Part, PartState


def view_part(view: CoverageView) -> Part:
    """Return the view as a part of the process: it works once all rows are read that were there at the start."""

    async def check() -> PartState:
        behind = view.behind_since()
        if behind is None:
            return PartState(works=True, state="is current")
        state = "is behind" if view.ready else "is loading"
        return PartState(works=view.ready, state=state, details={"since": behind.isoformat()})

    return Part("view", check)
