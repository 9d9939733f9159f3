"""Decides who works where on which day, and keeps the registry of people; owns `piket.{region}.roster.v1`."""
