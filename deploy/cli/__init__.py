"""Defines the command `piket`: serve, relay, worker, topics, policy, demo and the operator commands."""
