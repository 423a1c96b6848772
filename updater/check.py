"""The step of ``idle``: is there a release to go to? And of ``available``: is it our turn?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from packaging.version import Version

from common.clock import parse_stamp
from common.errors import CallsteadError, NetworkError, RefusedError
from common.logs import get_logger
from common.wire.release import Manifest
from updater import manifests, stick
from updater.journal import Program, Release
from updater.tools import Tools

log = get_logger(__name__)
STEP = "check"
_BROUGHT = "A person brought it here, and the site's server cannot be asked."


@dataclass(frozen=True)
class Found:
    """What a look at the channel gave.

    Attributes:
        target: the release to go to, or None.
        sentence: why (not), for people.
        issue: how often the vendor has issued the target again.
    """

    target: Manifest | None
    sentence: str
    issue: int = 0


def judge(offered: Manifest, current: Release | None, bad: Mapping[str, str]) -> Found:
    """Whether the release that the channel points to is one to go to. Pure.

    Raises:
        RefusedError: kind ``downgrade``: it is older than what runs.
    """
    name = f"{offered.product} {offered.version}"
    if current and current.digest == offered.digest:
        return Found(None, f"{name} is installed; there is nothing newer.")
    if offered.digest in bad:
        return Found(None, f"{name} is not tried again: {bad[offered.digest]}")
    if current and Version(offered.version) < Version(current.version):
        raise RefusedError(
            "downgrade",
            f"{name} is older than {current.version}, which is installed: going back to an old "
            "release could bring back a mended fault, so it was refused. Nothing was changed.",
        )
    if current and Version(offered.version) == Version(current.version):
        return Found(
            None, f"{name} is installed, in another build; only a new version replaces it."
        )
    return Found(offered, f"{name} is available.")


def look(program: Program, tools: Tools) -> Found:
    """`peek`, and tell the communications server of a refusal, once."""
    try:
        found = peek(program, tools)
    except RefusedError as error:
        tell_refusal(program, tools, STEP, error)
        raise
    tools.journal.accepted(program.product, STEP)
    return found


def peek(program: Program, tools: Tools) -> Found:
    """Refresh the trusted metadata and read the channel.

    Raises:
        RefusedError: what was found must not be accepted.
        NetworkError: not reached.
    """
    tools.repository.refresh()
    return _read_channel(program, tools)


def _read_channel(program: Program, tools: Tools) -> Found:
    product, channel = program.product, program.channel
    try:
        releases = tools.repository.channel(product, channel)
    except RefusedError as error:
        if error.kind != "unknown":
            raise
        return Found(None, f"The channel {channel} of {product} has not reached this site yet.")
    if tools.platform not in releases:
        return Found(None, f"The channel {channel} of {product} has nothing for {tools.platform}.")
    version = releases[tools.platform]
    if notice := tools.repository.notice(product, channel, version):
        sentence = notice.sentence(f"{product} {version}")
        if program.current and program.current.version == version:
            sentence += " It is installed and stays until there is a newer one."
        return Found(None, sentence)
    offered = manifests.offered(program, tools, version)
    bad = tools.journal.bad(product)
    found = judge(offered, program.current, bad)
    if found.target is None and offered.digest not in bad:
        return found
    # Rare, hence only now: has the vendor issued it again since it failed here?
    issue = tools.repository.issue(product, channel, offered.version)
    found = judge(offered, program.current, tools.journal.bad(product, issue))
    return replace(found, issue=issue)


def tell_refusal(
    program: Program,
    tools: Tools,
    step: str,
    error: RefusedError,
    target: Manifest | None = None,
) -> None:
    """Queue a ``refused`` receipt, unless the same refusal was told already."""
    version, digest = (target.version, target.digest) if target else ("", "")
    receipt = tools.receipts.make(
        "refused",
        program.product,
        version,
        digest,
        str(error),
        from_version=program.current.version if program.current else None,
    )
    tools.journal.refused(program, step, f"{error.kind} {digest or error}", receipt)


def turn_at_switch(program: Program, tools: Tools) -> tuple[tuple[bool, str], bool]:
    """`ask_for_turn`, and whether the communications server is there. Raises as that does."""
    go, sentence, reached = _ask(program, tools, "ready")
    return (go, sentence), reached


def ask_for_turn(program: Program, tools: Tools, step: str) -> tuple[bool, str]:
    """Ask the communications server; see `Comm.rollout`.

    One that cannot be asked does not stop what a person brought on a stick. Raises NetworkError,
    RemoteError.
    """
    go, sentence, _reached = _ask(program, tools, step)
    return go, sentence


def _ask(program: Program, tools: Tools, step: str) -> tuple[bool, str, bool]:
    target = program.wanted()
    waited = (tools.clock.now() - parse_stamp(program.since)).total_seconds()
    reached = True
    urgent = target.critical and waited >= tools.settings.window.critical_after
    try:
        go, reason = tools.comm.rollout(program.product, target.version, step, urgent=urgent)
    except NetworkError:
        if not stick.has(tools.folder, program.product, target.version, tools.platform):
            raise
        go, reason, reached = True, _BROUGHT, False
    sentence = f"{target.product} {target.version}: {reason}" if reason else ""
    sentence = sentence or f"{target.product} {target.version} {'may' if go else 'may not'} go on."
    return go, sentence, reached


def sent_back(program: Program, tools: Tools) -> str:
    """Why to return from what runs here to the release before; empty when it is to stay.

    The site asks for it, and the vendor has signed that it may: by halting or withdrawing the
    release, or by letting sites return from it. The latter counts once for each time that it was
    issued, so that a site in wrong hands cannot send its clients to and fro.
    """
    current = program.current
    if current is None or program.previous is None:
        return ""
    if not (order := tools.comm.sent_back(program.product, current.version)):
        return ""
    about = (program.product, program.channel, current.version)
    try:
        tools.repository.refresh()
        if tools.repository.notice(*about):
            return order
        if not tools.repository.terms(*about).may_return:
            why = "its vendor has signed nothing that lets this site send it back"
        elif tools.journal.fact(_returned(program)) == _return_of(program, tools):
            why = "it went back from it once already, and its vendor has not issued it again"
        else:
            return order
    except CallsteadError as error:  # the look that follows tells it
        why = str(error)
    log.warning("program.not_sent_back", product=program.product, reason=why, order=order)
    return ""


def return_to_keep(program: Program, tools: Tools) -> tuple[str, str]:
    """The fact by which the next order to return from what runs here is known as a second one."""
    return _returned(program), _return_of(program, tools)


def _returned(program: Program) -> str:
    return f"returned from {program.product}"


def _return_of(program: Program, tools: Tools) -> str:
    if program.current is None:
        raise RuntimeError(f"{program.product} runs nothing that it could return from")
    issue = tools.repository.issue(program.product, program.channel, program.current.version)
    return f"{program.current.digest} {issue}"
