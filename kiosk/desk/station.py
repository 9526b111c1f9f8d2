"""A connection to the station, on which one thing at a time is said and answered."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from kiosk.decoding import read_json
from kiosk.wire import Answer, encode
from kiosk.wire.base import MAX_LINE
from kiosk.wire.inside import DeskMessage

log = logging.getLogger(__name__)

TURN_WITHIN: Final = 2.5
"""Seconds until it is said: with those of the answer less than a page waits, so that nothing is done after it has given up."""

ANSWERS_WITHIN: Final = 5.0
"""Seconds for an answer: of a touch, two writes to a card."""


class ToStation:
    """Connects when it is asked something, and anew after any failure, so that no answer is taken for another's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one = asyncio.Lock()
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, message: DeskMessage) -> Answer | None:
        """What the station answers; None when it cannot be reached. Where others take too long before it, it is not said."""
        try:
            async with asyncio.timeout(TURN_WITHIN):
                await self._one.acquire()
        except TimeoutError:
            return None
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                return await self._asked(message)
        except (OSError, ValueError) as error:  # also of a line that is too long, or not understood
            log.debug("%s: %s", self._path, error)
            return None
        finally:
            self._one.release()

    def close(self) -> None:
        """Let go of the connection."""
        if self._ends:
            self._ends[1].close()
            self._ends = None

    async def _asked(self, message: DeskMessage) -> Answer:
        """The connection is kept only once its answer was read, whatever ends the waiting for it."""
        if self._ends is None:
            self._ends = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE)
        reader, writer = self._ends
        with ExitStack() as unless_answered:
            unless_answered.callback(self.close)
            writer.write(encode(message))
            line = await reader.readline()
            if not line:
                raise ConnectionError("the station has gone")
            answer: Answer = read_json(line, Answer, MAX_LINE)
            unless_answered.pop_all()
        return answer
