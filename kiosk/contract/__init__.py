"""What both ends of the wire agree on: the bodies, their description, and the questions that try a server."""
