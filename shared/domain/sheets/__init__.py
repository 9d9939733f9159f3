"""Reads tables of officials from xlsx and csv files with an error for each faulty cell, and writes such files."""
