"""A whole station on one machine: simulated hardware at the wire, a film for the camera, and somebody to tell the story."""
