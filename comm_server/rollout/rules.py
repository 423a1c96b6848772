"""May a client install a release now? Pure: standard library alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """``reason`` is a sentence for people."""

    go: bool
    reason: str


def decide(mirrored: bool, halted_because: str | None) -> Decision:
    """One client asks for one version."""
    if halted_because is not None:
        return Decision(go=False, reason=f"The rollout was halted: {halted_because}")
    if not mirrored:
        return Decision(go=False, reason="This release has not reached the site yet.")
    return Decision(go=True, reason="The release is open to all clients.")


def halt_reason(version: str, failures: list[tuple[str, str]], most: int) -> str | None:
    """Why to halt, or None. ``failures`` are ``(client, reason)`` of distinct clients."""
    if len(failures) < most:
        return None
    client, reason = failures[0]
    where = client if len(failures) == 1 else f"{client} and {len(failures) - 1} more"
    return f"{version} did not hold on {where}: {reason}"
