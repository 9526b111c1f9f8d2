"""`kiosk scanner`: one camera, serial QR engine or keyboard-wedge reader; turns light into code text, and knows no more."""
