"""Holds the circulars that ship with Piket, and replays them through the decider."""
