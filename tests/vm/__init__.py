"""Tests on kernel devices: real GPIO lines, video devices and keyboards, in the virtual machine of ../shared/vm."""
