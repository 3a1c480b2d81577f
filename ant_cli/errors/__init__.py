"""The tree of errors, with exit codes.

    AntError                   1
    ├── UsageError             2   an argument or the input can't be used; nothing was sent
    │   ├── BadValue                a value of a flag, a variable or a key
    │   ├── Mistyped                a command, a flag or an argument that the line can't have
    │   │   └── MissingFlag         a required value
    │   └── UnknownName             a command, a flag or another name that does not exist
    ├── CredentialError        4   no credential, or one that can't be used
    ├── APIError                   the server responded with an error; the status decides (see EXIT_CODES)
    ├── ResponseError          1   the response is not usable: a redirect, not JSON, or truncated
    ├── NetworkError           8   no response: no connection, a broken one, a timeout
    └── OutputError            1   the result can't be written

An error carries its data from where it is raised, and is printed once: by `main.py`, which it ends, or by
`output/api_error.py`, if it ends one of several requests. AntError itself is raised with
another exit code if some of several requests failed (theirs, or 1 if they differ), and if `ant diff` finds changes
(2). An interrupt (130), a termination (143) and a closed pipe (0) are not errors, and are handled there too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Self

from ant_cli.errors.command_line import command_line
from ant_cli.errors.suggestions import did_you_mean

NOT_FOUND = 404
EXIT_CODES = {401: 4, 403: 4, NOT_FOUND: 5, 409: 6, 412: 6, 408: 7, 429: 7}
"""Exit codes by HTTP status; 5xx is 7, anything else 1."""
_SERVER_ERROR = 7

UNSET_VARIABLE = "A variable of the shell may be unset."
"""The hint at an empty text."""

INTERRUPTED = 130
TERMINATED = 143


class AntError(Exception):
    """A failure with a message for the user, an exit code, and maybe hints. Immutable."""

    exit_code = 1
    outcome_unknown = False
    """Whether the request that failed may have been carried out."""

    def __init__(self, message: str, *hints: str, request_line: str = "") -> None:
        # its `repr`, which asyncio logs, has nothing else: a body may hold a secret
        super().__init__(message)
        self.message = message
        self.request_line = request_line
        """The method and URL of the request that failed; empty if the error is not about one."""
        self.hint = "\n".join(filter(None, hints))
        """What the user can do, a line for each hint."""

    def without_body(self) -> Self:
        """Return the same error without the body of its response, if there is one."""
        return self

    def with_hints(self, *hints: str) -> Self:
        """Return the same error with these hints after its own."""
        return self.with_only_hints(self.hint, *hints)

    def with_only_hints(self, *hints: str) -> Self:
        """Return the same error with these hints instead of its own."""
        return self._changed(hint="\n".join(filter(None, hints)))

    def with_exit_code(self, exit_code: int) -> Self:
        """Return the same error with another exit code, for a command in which its own code has another meaning."""
        return self._changed(exit_code=exit_code)

    def with_unknown_outcome(self) -> Self:
        """Return the same error for a request that may have been carried out."""
        return self._changed(outcome_unknown=True)

    def redacted(self, redact: Callable[[str], str]) -> Self:
        """Return the same error without secrets in its texts."""
        return self._changed(
            message=redact(self.message),
            request_line=redact(self.request_line),
            hint=redact(self.hint),
        )

    def _changed(self, **data: str | float | bytes) -> Self:
        changed = type(self).__new__(type(self), *self.args)
        vars(changed).update(vars(self), **data)
        return changed

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later: the server, its rate limit, or the network is the reason."""
        return self.exit_code in (EXIT_CODES[429], NetworkError.exit_code)

    @property
    def full_message(self) -> str:
        """The request that failed, and the message."""
        if not self.request_line:
            return self.message
        return f"{self.request_line}: {self.message}"

    def __str__(self) -> str:
        """Return the error as shown in a log, without the hint."""
        return self.full_message

    def report(self, *, on_terminal: bool) -> str:
        """Return the error with its hints, as shown on a terminal or in a log; empty without a message."""
        lines = self._screen_lines() if on_terminal else [str(self)]
        lines.append(self.hint)
        return "\n".join(filter(None, lines))

    def line(self) -> str:
        """Return the error with its hints on one line, for a list of failures in a log."""
        return " ".join(f"{self} {self.hint}".split())

    def _screen_lines(self) -> list[str]:
        """Return the error as shown on a terminal, without the hint: the message comes before the request."""
        return [self.message, self.request_line]


class ExitStatus(AntError):
    """The end of a run whose exit code is its result, such as that of a command. Nothing is printed."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("")
        self.exit_code = exit_code


class UsageError(AntError):
    """An argument or the input can't be used."""

    exit_code = 2


class BadValue(UsageError):
    """A value that is invalid for its flag, its variable, or its key of a profile or of piped input."""

    def __init__(self, where: str, problem: str, *hints: str) -> None:
        """`where` is the flag, variable or key, as messages name it."""
        super().__init__(f"{where} {problem}.", *hints)


class Mistyped(UsageError):
    """A command, a flag or an argument that a command line can't have, or that it lacks.

    It names a help page. What was meant is found by `corrections/`.
    """


class MissingFlag(Mistyped):
    """Required values are missing from both flags and piped input."""

    def __init__(self, flags: Sequence[str], command: str, where: str = "") -> None:
        verb = "is" if len(flags) == 1 else "are"
        *others, last = flags
        listed = last
        if others:
            listed = f"{', '.join(others)} and {last}"
        super().__init__(f"{where}{listed} {verb} required.", see_help(command))


class UnknownName(UsageError):
    """A command, flag or other name does not exist. The message suggests the most similar one."""

    def __init__(
        self,
        kind: str,
        name: str,
        known: Collection[str],
        *hints: str,
        where: str = "",
        shown: str = "",
    ) -> None:
        """`shown` is shown in place of the name if that may be a secret."""
        source = f" (from {where})" if where else ""
        suggestion = did_you_mean(name, known)
        quoted = repr(shown or shortened(name))
        super().__init__(f"unknown {kind} {quoted}{source}.{suggestion}", *hints)


def exclude_each_other(*flags: str, hint: str = "Give one of them.") -> UsageError:
    """Return the error for flags that exclude each other."""
    both = " and ".join(flags)
    return UsageError(f"{both} can't be used together.", hint)


class CredentialError(AntError):
    """There is no credential, or it can't be used."""

    exit_code = 4


class APIError(AntError):
    """The server responded with an error, by its status or in the body."""

    def __init__(
        self,
        request_line: str,
        status: int,
        reason: str,
        body: bytes,
        request_id: str,
        hint: str = "",
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(f"{status} {reason}".rstrip(), hint, request_line=request_line)
        self.status = status
        self.body = body
        self.request_id = request_id
        self.details = ""
        """The body in the format of `--format-error`, without secrets; empty until it was rendered."""
        self.sentence = ""
        """The body as one sentence for a terminal, if it has only a type and a message."""
        self.retry_after_s = retry_after_s
        """How long the server asks to wait before the next request, in seconds."""
        default = _SERVER_ERROR if 500 <= status <= 599 else AntError.exit_code
        self.exit_code = EXIT_CODES.get(status, default)

    def without_body(self) -> Self:
        """Return the same error without its body."""
        return self._changed(body=b"")

    def with_details(self, details: str, sentence: str = "") -> Self:
        """Return the same error with its body rendered for people."""
        return self._changed(details=details, sentence=sentence)

    def __str__(self) -> str:
        """Return the message of the official tool, the body, and the request's ID."""
        parts = [self.full_message, self.details, self._request_id_line]
        return "\n".join(filter(None, parts))

    @property
    def _request_id_line(self) -> str:
        return f"Request ID: {self.request_id}" if self.request_id else ""

    def line(self) -> str:
        """Return the error with its hints on one line, with its body as one sentence, if there is one."""
        if not self.sentence:
            return super().line()
        return self.with_details(self.sentence).line()

    def _screen_lines(self) -> list[str]:
        """Return the error as shown on a terminal, with the request's ID only once."""
        details = [self.sentence] if self.sentence else [self.message, self.details]
        lines = [*details, self.request_line]
        if not any(self.request_id in text for text in details):
            lines.append(self._request_id_line)
        return lines


class ResponseError(AntError):
    """The response does not come from the API, or is incomplete."""

    outcome_unknown = True


class NetworkError(AntError):
    """No response arrived."""

    exit_code = 8


class OutputError(AntError):
    """The result can't be written."""


class OutcomeUnknown(KeyboardInterrupt):
    """An interrupt during a request that may have been carried out. Its cause is the interrupt."""


def shortened(text: str, limit: int = 100) -> str:
    """Return the text, cut to `limit` characters to keep messages that quote it readable."""
    if len(text) <= limit:
        return text
    return text[: limit - 3] + "..."


def os_error_text(error: Exception) -> str:
    """Return the operating system's message for an error, without number, file name and full stop."""
    message = getattr(error, "strerror", None) or str(error)
    text = message.rstrip(".")
    return text[:1].lower() + text[1:]


def see_help(command: str) -> str:
    """Return the hint that names a command's help page."""
    return f"Run `{command_line(command, '--help')}` to see what it takes."
