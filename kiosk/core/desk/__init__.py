"""What people say inside: pure rules, beside those of the door, and never in a recording of those."""
