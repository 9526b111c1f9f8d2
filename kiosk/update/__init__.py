"""Signed updates: verified, put beside the version that runs, tried, and kept or taken back."""
