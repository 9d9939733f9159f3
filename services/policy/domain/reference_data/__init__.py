"""Classifies OPD, units and positions by name, and knows the public holidays."""
