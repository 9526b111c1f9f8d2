"""The package on an emulated Raspberry Pi, with the board's own kernel drivers."""
