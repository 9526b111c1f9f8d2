"""A worker's pass in the browser of their phone, on an origin of its own where nothing else is."""
