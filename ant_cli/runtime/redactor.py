"""The secrets of a run, which are redacted from everything that people read."""

from __future__ import annotations

LONGEST_SHOWN = 1_000_000
"""The most bytes of a body that are shown. Looking for secrets in more would take too long."""
_MAYBE_CUT = 50_000
"""How many characters at the end of a cut text may belong to a secret. One character of it may take up to 12."""
_MOST_RECEIVED = 50
"""How many secrets from responses are redacted. A server may send any number, and each slows down every message."""


class Redactor:
    """Knows the secrets of a run: those that were registered, and the latest of responses."""

    def __init__(self) -> None:
        self._registered: list[str] = []
        self._received: list[str] = []

    def register(self, secret: str) -> None:
        """Redact `secret` from everything that is written from here on."""
        if secret and secret not in self._registered:
            self._registered.append(secret)

    def redact(self, text: str) -> str:
        """Return the text with every secret redacted, in any notation."""
        from ant_cli.runtime.redaction import redact  # late: `ant --version` needs no expressions

        return redact(text, [*self._registered, *self._received])

    def redact_body(self, body: bytes, longest: int | None = None) -> bytes:
        """Return the body of a response with its secrets redacted. They are redacted in later text, too.

        If a body has more than `longest` bytes, only its beginning is returned, without a cut secret at the end. A
        body with more secrets than can be redacted is not shown at all.
        """
        from ant_cli.runtime.redaction import secrets_in

        new = [
            secret for secret in dict.fromkeys(secrets_in(body)) if secret not in self._registered
        ]
        if len(new) > _MOST_RECEIVED:
            return f"[redacted: it contains {len(new):,} secrets]".encode()
        self._received = [*(secret for secret in self._received if secret not in new), *new][
            -_MOST_RECEIVED:
        ]
        if longest is None or len(body) <= longest:
            text = self.redact(body.decode("utf-8", "surrogateescape"))
        else:
            text = self.redact(body[:longest].decode("utf-8", "surrogateescape"))[:-_MAYBE_CUT]
        return text.encode("utf-8", "surrogateescape")
