"""What programs, the system and libraries say in English, by its form, so that it can be told in another language.

The programs write English wherever they run, since what they say goes into the logbook, too; whoever looks may read another.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

FORMS: Final = (
    "has gone",
    "not reachable",
    "slow",
    "the housing is open",
    "pressed for {seconds} s: stuck?",
    "changes more often than anybody could make it do: a loose wire or a worn contact",
    "not open yet",
    "ring {ring}: {count} of {all} stations are worse off: {names}",
    "release {version}: ring {ring}: {count} of {all} stations are worse off: {names}",
    "ring {ring} has it, so the next is ring {next}",
    "every ring has it",
    "the root key signed it for the ring early alone: other stations would refuse it",
    "it is withdrawn",
    "the station does not answer",
    "version {version} answers",
    "away: {names}",
    "doors that are gone: {names}",
    "no frames",
    "{source} does not open: {why}",
    "{source} gives no frames",
    "the camera gives no picture",
    "no camera answers there",
    "it is silent: it takes the call, and says nothing for {seconds} s",
    "it answers, and gives no pictures: path, user, password?",
    "a camera sends no bytes; next: {command}",
    "this scanner has no camera; next: {command}",
    "there are no pictures in it",
    "no such camera",
    "no picture",
    "end of film",
    "Picamera2 is missing: {command}",
    "the picture is frozen: not a pixel changes",
    "the picture is black: is the lens cap on, or the lamp out?",
    "the picture is over-exposed: set exposure_ms",
    "the lens is covered: nothing but one shade",
    "the picture is out of focus: set focus, or clean the lens",
    "the camera has not answered for {seconds} s; a new process is needed",
    "the engine does not keep zone {zone}: strangers may reconfigure it by a printed code",
    "the engine does not answer: is it a GM65, at this speed?",
    "the reader is gone",
    "{error} (and {count} more): the last good settings are used",
    "{error}: the last good settings are used",
    "{folder} takes no write ({why}): entries are kept in memory",
    "{count} of {stream} are not as they were written: {numbers}",
    "{name} was damaged: what it holds is gone through once more",
    "{name} could not be salvaged: {why}",
    "{name}: {kept} entries salvaged, {lost} lost",
    "{name} was damaged ({why})",
    "{text} is no opening hours; write e.g. {one} or {two} or {three}",
    "{text} is no day; write e.g. {one} or {two} or {three}",
    "{text} is open for no time at all",
    "{text} is no time of day",
    "a file was damaged ({why})",
    "not as written: {names}",
    "from the copy: {names}",
    "the documents must come anew from the central server",
    "the server has other entries under {epoch}, from {number} of {stream} on: a copied card?",
    "no new epoch could be begun: {why}",
    "does not take its level: the lock of {doors}",
    "{loop} ended by {error}",
    "the other end closed the connection",
    "no answer: {why}",
    "an answer of more than {bytes} bytes",
    "{user} is not in the group {group}",
    "no such door: {door}",
    "{door} is locked down; first: {command}",
    "maintenance is not armed; first: {command}",
    "a recording is on its way to somebody already",
    "somebody else waits for an enrolment code already",
    "no enrolment is under way: show the code again",
    "the root key is no key",
    "the root key that it gave is no key",
    "{folder} cannot be written: {why}",
    "{path} is not a file",
    "{path} is not as it was written",
    "this went wrong here, which is told as a fault",
    "another program holds {pin}: {who}",
    "says that it has {version}, and the newest here is {newest}: {meaning}",
    "more than this server ever signs: a document key may be stolen, or the station lies. Nothing is published",
    "was this server restored from a backup? The station's next command comes after that number",
    "was this server restored from a backup? Install the newest keyset again, or ask for the next one: {command}",
    "the keyset's keys end at {time}: without a new keyset nothing is signed after that. Next: {command}",
    "{path} is on this server: whoever takes it over has every station for good. Next: {command}",
    "was this server restored from a backup? It publishes anew what it has. Repeat what came since: revocations, too",
    "the clock says {now}; a document was published at {newest}",
    "the clock says {now}, and the newest document is of {newest}: nothing is signed",
    "version {version} is more than a day ahead of the clock; stations may refuse what is published",
    "{stream} {epoch}: number {number} comes from two stations; was a card copied?",
    "{count} batches are set aside; no more are kept",
    "the connection broke",
    "HTTP {found}, and should be {wanted}",
    "No such file or directory",
    "no such file",
    "Permission denied",
    "Operation not permitted",
    "Is a directory",
    "Not a directory",
    "File exists",
    "Device or resource busy",
    "No such device",
    "No such device or address",
    "No space left on device",
    "Read-only file system",
    "Input/output error",
    "Broken pipe",
    "Connection refused",
    "Connection reset by peer",
    "Connection timed out",
    "Network is unreachable",
    "No route to host",
    "Name or service not known",
    "Temporary failure in name resolution",
    "No address associated with hostname",
    "Address already in use",
    "timed out",
    "unable to open database file",
    "database disk image is malformed",
    "file is not a database",
    "disk I/O error",
    "database is locked",
    "database or disk is full",
    "attempt to write a readonly database",
    "certificate has expired",
    "certificate is not yet valid",
    "self-signed certificate",
    "self-signed certificate in certificate chain",
    "unable to get local issuer certificate",
    "Hostname mismatch, certificate is not valid for {host}.",
    "IP address mismatch, certificate is not valid for {host}.",
    "Error: {why}",
    "Connection activation failed: {why}",
    "Secrets were required, but not provided",
    "The Wi-Fi network could not be found",
    "IP configuration could not be reserved (no available address, timeout, etc.)",
    "NetworkManager is not running",
    "Timeout expired ({seconds} seconds)",
    "The modem could not be found",
    "Modem initialization failed",
    "GSM Modem's SIM card not inserted",
    "GSM Modem's SIM PIN required",
)
"""What they say; `{name}` stands for what varies, and may be such a text itself."""


BETWEEN: Final = ("; ", ": ", "\uff1a")
"""What stands between two such texts, the last in Chinese."""


def recognised(text: str) -> tuple[str, dict[str, str]] | None:
    """The form of a text, and what varies in it; None for one that nobody expected."""
    for form, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return form, found.groupdict()
    return None


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(form, re.compile(_pattern(form))) for form in FORMS]


def _pattern(form: str) -> str:
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(form))
