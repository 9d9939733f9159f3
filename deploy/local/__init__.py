"""Piket's surroundings on one computer: a real broker and a real database, without containers."""
