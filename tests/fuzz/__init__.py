"""Hostile input for the verifier: mutations of good and public examples, and coverage-guided search with atheris."""
