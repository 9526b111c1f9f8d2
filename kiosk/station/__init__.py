"""The station's program: lock, contacts, lamps, the rules and the logbook. It has no network and no camera."""
