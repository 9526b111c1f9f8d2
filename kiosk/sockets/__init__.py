"""The listening end of a program's Unix sockets: whose turn it is, who gets a place, and what a peer may take."""
