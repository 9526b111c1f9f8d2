"""Why a request found no answer, in the words of a network and not of the libraries that carried it."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import requests
import urllib3

MOST_WORDS: Final = 200
DEPTH: Final = 8

TIMED_OUT: Final = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)


def why_unanswered(error: BaseException) -> str:
    """The first cause of which something can be said, among those that the libraries wrapped in each other."""
    chain = list(_causes(error))
    for each in reversed(chain):
        if words := _words(each):
            return words[:MOST_WORDS]
    return f"no HTTP answer: {chain[-1]}"[:MOST_WORDS]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """From the outermost inwards: by `reason`, by what an exception was made of, by its cause."""
    for _ in range(DEPTH):
        yield error
        inner = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        found = next((each for each in inner if isinstance(each, BaseException)), None)
        if found is None:
            return
        error = found


def _words(error: BaseException) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return "the TLS connection failed"
        case socket.gaierror():
            return "its name is not known"
        case _ if isinstance(error, TIMED_OUT):
            return str(error) if type(error) is TimeoutError and error.args and not error.errno else "no answer in time"
        case http.client.RemoteDisconnected():
            return "it hung up without an answer"
        case OSError() if error.strerror:
            return error.strerror
        case _:
            return ""
