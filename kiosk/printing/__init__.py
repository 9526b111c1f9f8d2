"""Paper: what stands on a sheet, in millimetres, and sheets as PDF. Cards and posters are in kiosk/central/printing."""
