"""Computes and shows how well each OPD is staffed; owns the topics `piket.{region}.coverage.v1`."""
