"""Trying things: the parts of a station, its rules on another day, codes, and a whole station in a demo."""
