"""Serves policy: `python -m services.policy`."""

from services.policy.app import SERVICE, create
from shared.web.server.entry import main

if __name__ == "__main__":
    main(SERVICE, create)
