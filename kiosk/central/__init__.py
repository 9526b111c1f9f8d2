"""The central server: the other end of the wire, for a province."""
