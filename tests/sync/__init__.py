"""What sync does by itself: what it reads, when it asks, and that none of its loops dies alone."""
