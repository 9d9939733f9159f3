"""Derives what the pages and dry runs show: timelines, conflicts, previews and affected OPD-days."""
