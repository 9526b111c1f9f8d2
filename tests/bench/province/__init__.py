"""`make bench-province`: a province's stations against the central server, and against the server of an older commit."""
