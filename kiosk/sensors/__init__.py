"""`kiosk sensors`: turns the appliances' buses into readings, or into the reason why there is none."""
