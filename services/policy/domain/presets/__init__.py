"""Holds the circulars that ship with Piket, a JSON file each, and replays them through the decider."""
