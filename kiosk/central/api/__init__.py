"""What stations speak with: the contract over HTTP."""
