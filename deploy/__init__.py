"""How Piket is run: on one computer, and by the people who operate it."""
