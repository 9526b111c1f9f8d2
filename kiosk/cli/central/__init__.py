"""The verbs of the central server."""
