"""The page with a pass, as phones and attackers see it."""
