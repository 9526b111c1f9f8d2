"""Drivers: each offers one piece of hardware in plain values. Nothing here imports kiosk."""
