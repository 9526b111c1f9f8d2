"""The display inside: a page on loopback by which people say how content they are. It keeps nothing."""
