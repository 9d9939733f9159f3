"""Reads the OPD register from a spreadsheet with an error for each faulty cell, and writes it back."""
