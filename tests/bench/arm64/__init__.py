"""What frames and decisions cost in instructions of an arm64 processor."""
