"""Decides which rules bind which OPD when, and what each OPD must provide; owns `piket.{region}.policy.v1`."""
