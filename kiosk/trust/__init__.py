"""Signed things: strict CBOR, COSE_Sign1, passes, documents and the status list.

Pure: no clock, no file, no log. Input from strangers becomes a value or a :class:`~kiosk.trust.reasons.Reason`,
never an exception.
"""
