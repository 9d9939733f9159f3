"""Decides who is (claimed to be) where; owns `piket.{region}.attendance.v1`."""
