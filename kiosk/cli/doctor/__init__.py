"""What is wrong, and which command mends it."""
