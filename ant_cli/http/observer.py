"""What the client reports while it waits. Something else displays it: the client knows no screen."""

from __future__ import annotations

from contextlib import nullcontext

from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Observer:
    """Receives each wait, which lasts as long as the context that the method returns. This one does nothing."""

    def waiting_for(self, what: str) -> AbstractContextManager[None]:
        """Wait for a response."""
        del what
        return nullcontext()

    def before_retry(self, why: str, attempt: int, of: int, delay_s: float) -> AbstractContextManager[None]:
        """Wait before retry number `attempt` of `of`."""
        del why, attempt, of, delay_s
        return nullcontext()
