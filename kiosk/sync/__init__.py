"""`kiosk sync`: the network. It reads the logbook, carries documents in, and is trusted with nothing."""
