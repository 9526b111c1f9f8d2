"""Acting on a station: its door, its settings, its version, its programs."""
