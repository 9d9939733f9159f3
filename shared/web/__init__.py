"""The HTTP edge that every service shares: who asks, what is answered, how pages look."""

from shared.web.access import principal, require
from shared.web.application import application
from shared.web.feed import feed_router
from shared.web.problem import Problem, found
from shared.web.submission import Submission, submission, submit

__all__ = [
    "Problem", "Submission", "application", "feed_router", "found", "principal", "require", "submission", "submit",
]  # fmt: skip
