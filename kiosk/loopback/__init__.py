"""What the programs with a page for a browser on this machine share: how it is served, to whom, and whether it is there."""
