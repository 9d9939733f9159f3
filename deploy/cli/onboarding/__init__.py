"""Defines `piket region`, `piket people` and `piket roster`: the way of a government to its first roster."""
