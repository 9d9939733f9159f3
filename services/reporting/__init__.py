"""Tells how well every OPD is covered; owns `piket.{region}.coverage.v1`."""
