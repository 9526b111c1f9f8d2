"""SQLite: what happened (hot, `logbook.db`) and what is known (cold, `state.db`), in separate files."""
