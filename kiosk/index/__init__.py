"""The happiness index, an anonymous ballot: what its polls, slips and sealed ballots are, at a station and at the board.

Only computes. What the election board does with it, on a laptop without a network, is in kiosk/board.
"""
