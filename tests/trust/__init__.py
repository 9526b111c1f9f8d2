"""Tests of the row of the same name."""
