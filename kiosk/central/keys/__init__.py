"""The union's keys: the private halves that the server has, and how they come under the root key, which it has not."""
