"""Exports the gauges of a region, computed from the view at each scrape. They name no person, no post and no event."""
