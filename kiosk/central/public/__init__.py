"""What everybody may see, without a login: a page for each station, the map, and the feed for other programs."""
