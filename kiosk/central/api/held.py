"""A question that waits is held outside of Starlette, whose frames and whose request would be held with it: 8 kB each."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

NEEDED: Final = ("type", "method", "headers")
"""Of a request's scope, for its answer; uvicorn on h11 looks into the headers, which are none by then."""


class Held(Response):
    """An answer that is still to come; nothing is sent yet."""

    def __init__(self, coming: Coroutine[Any, Any, Response]) -> None:
        self._coming = coming

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Leave it to :class:`Holding`."""
        scope["held"] = self._coming


class Holding:
    """The application around Starlette's: it sends what was held, once it is there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app(scope, receive, send)
        if coming := scope.pop("held", None):
            _forget(scope)
            answer = await coming
            await answer(scope, receive, send)


def _forget(scope: Scope) -> None:
    """What the server itself would keep of the request until it is answered, its headers above all."""
    needed = {name: scope[name] for name in NEEDED}
    scope["headers"].clear()
    scope.clear()
    scope.update(needed)
