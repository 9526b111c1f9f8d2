"""What the grounds that people visit have in common: files with a lasting name, forms within bounds, the language, the map."""
