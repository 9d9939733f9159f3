"""Stores facts in compact form, indexed by OPD and date."""
