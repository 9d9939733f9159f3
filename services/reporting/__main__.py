"""Serves reporting: `python -m services.reporting`."""

from services.reporting.app import SERVICE, create
from shared.web.server.entry import main

if __name__ == "__main__":
    main(SERVICE, create)
