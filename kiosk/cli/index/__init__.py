"""The election board's verbs, offline."""
