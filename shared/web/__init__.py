"""The HTTP edge that every service shares: who asks, what is answered, how pages look."""

from shared.web.access import principal, require
from shared.web.application import application
from shared.web.commands import Ask, Submission, submission, submit
from shared.web.problem import Problem

__all__ = ["Ask", "Problem", "Submission", "application", "principal", "require", "submission", "submit"]
