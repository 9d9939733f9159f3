"""Serves HTTP for every service: authentication, writes, feeds, problem details, page frame."""

from shared.web.access import authenticate, authorize
from shared.web.application import application
from shared.web.feed import router as feed_router
from shared.web.problem import Problem, require_found
from shared.web.submission import Submission, read_submission, submit

__all__ = [
    "Problem", "Submission", "application", "authenticate", "authorize", "feed_router", "read_submission",
    "require_found", "submit",
]  # fmt: skip
