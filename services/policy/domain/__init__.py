"""Decides, without IO, which rules bind which OPD on which date, and explains why."""
