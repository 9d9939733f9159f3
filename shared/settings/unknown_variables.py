"""Finds variables of the environment that look like settings and are none: a name with a typing error has no effect."""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import chain

from shared.settings.settings import Settings

log = logging.getLogger(__name__)

PREFIX = "PIKET_"
OTHER_SETTINGS = frozenset(
    f"{PREFIX}{name}" for name in ("SESSION_TIMEOUT_S", "MEMBER", "HANG_S", "GENERATION", "SINCE", "STAGED")
)
"""The settings of the worker, which may stand in an environment that all processes share."""
TOOLS = frozenset(f"{PREFIX}{name}" for name in ("CACHE", "PORTS", "SEED", "FAULTS", "DEADLINE_FACTOR"))
"""Variables of the commands that install, test and run Piket on a developer's computer."""
KUBERNETES_LINK = re.compile(r"_SERVICE_(HOST|PORT\w*)$|_PORT(_\d+_(TCP|UDP)\w*)?$")
"""Kubernetes adds such variables for each service of a namespace."""


def known_variables() -> frozenset[str]:
    """Return the names of all settings of Piket."""
    return OTHER_SETTINGS | {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def unknown_variables(names: Iterable[str]) -> Iterator[str]:
    """Yield one sentence for each name that is no setting, with the most similar one."""
    known = known_variables()
    for name in sorted(set(names) - known - TOOLS):
        if name.startswith(PREFIX) and not KUBERNETES_LINK.search(name):
            similar = chain(get_close_matches(name, known, n=1), [""])
            hint = f"Did you mean {close}?" if (close := next(similar)) else "See docs/operations/settings.md."
            yield f"{name} is no setting of Piket and has no effect. {hint}"


def log_unknown_variables() -> None:
    """Log a warning for each variable of this process that is no setting."""
    for sentence in unknown_variables(os.environ):
        log.warning("%s", sentence)
