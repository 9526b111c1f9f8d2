"""`python -m kiosk` is `kiosk`."""

from kiosk.cli.main import run

if __name__ == "__main__":
    run()
