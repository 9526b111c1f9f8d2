"""The tests: evidence on real files, pins, sockets, terminals and processes."""
