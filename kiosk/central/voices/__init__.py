"""What people say of a station and what becomes of it, decided in values: cases, owners, due days, receipts, ratings."""
