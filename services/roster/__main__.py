"""Serves roster: `python -m services.roster`."""

from services.roster.app import SERVICE, create
from shared.web.server.entry import main

if __name__ == "__main__":
    main(SERVICE, create)
