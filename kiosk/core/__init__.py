"""The rules: `step(state, event, now) -> (state, commands)`.

Pure: no I/O, no clock, no thread, no log. `now` is an argument; a denial is a value; a bug is a crash.
"""
