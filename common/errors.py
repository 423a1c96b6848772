"""Errors in families, by who can act on them.

Code raises the family that names who must act; only the command line and the web edge turn an
error into words and an exit status. Anything outside these families is a bug of ours.
"""

from __future__ import annotations


class CallsteadError(Exception):
    """Base of all expected errors; ``str(error)`` is a plain sentence: what, where, what to do."""

    exit_status = 1


class OperatorError(CallsteadError):
    """The person at this machine can mend it: a setting, a port, a folder, a wrong argument."""

    exit_status = 2


class NetworkError(CallsteadError):
    """The other side was not reached; trying again later may help."""

    exit_status = 3


class NotThereError(NetworkError):
    """The other side was reached and does not have what was asked for, or not yet."""


class RemoteError(CallsteadError):
    """The other side answered, but not what was agreed; its people must act."""

    exit_status = 4


class RefusedError(CallsteadError):
    """Something was offered that must not be accepted: a forged release, a replayed bundle.

    ``kind`` is a short stable word for programs, the text is for people.
    """

    exit_status = 5

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
