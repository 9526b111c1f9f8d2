"""The door's rules: who may open it and when, what people want of it, and what it does and shows."""
