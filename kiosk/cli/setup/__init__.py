"""`kiosk setup`: from a fresh card to the first opened door."""
