"""What the command line and the office call things, in both languages: words, names, entries as sentences."""
