"""Looking at a station, without changing it."""
