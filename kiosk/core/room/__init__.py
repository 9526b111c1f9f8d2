"""The room's rules: what its sensors say, what its appliances may do, and when power is saved."""
