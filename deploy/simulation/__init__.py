"""Days of a living province, played through the HTTP APIs as real clients would, and the truth about them."""
