"""The firmware of the Raspberry Pi at the door of a station (驿站), a rest room for outdoor workers."""

__version__ = "0.13.2"

BUILD_TIME = 1795824000
"""When this version was made (2026-11-28), in seconds since 1970: no clock of a station can truly be before it."""
