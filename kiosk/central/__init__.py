"""The reference central server: the other end of the wire, for the demo, the tests and a small fleet."""
