"""`python -m kiosk` is `kiosk`."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C before the verbs are loaded ends it, without a word

from kiosk.cli.main import run

if __name__ == "__main__":
    run()
