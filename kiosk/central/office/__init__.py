"""The office: pages with which operators see what is wrong, look into a station, and do what they may."""
