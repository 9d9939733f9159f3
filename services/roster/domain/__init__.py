"""Decides, without IO, who works where on which day."""
