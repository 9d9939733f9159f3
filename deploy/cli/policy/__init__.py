"""Defines `piket policy`: questions about rules, commands of the rule register, and the OPD register."""
