"""What is printed: cards, posters, sheets for the printer. Laid out in millimetres by pure functions, then drawn as PDF."""
