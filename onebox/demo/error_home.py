"""Chapters 1 to 3: a program fails, and the vendor reads why."""

from __future__ import annotations

import contextlib
import email
import email.policy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from onebox.calls import StepError, command, wait_for
from onebox.layout import companion_port
from onebox.prepare import PRODUCT

if TYPE_CHECKING:
    from onebox.demo.play import Story

# What an agent copies from a customer's mail: a landline with an extension.
INPUT = "010-6552 9988 转 8001"


@dataclass(frozen=True)
class Reported:
    """The failure as the communications server knows it."""

    fingerprint: str
    bundle: int
    message_id: str


def program(path: str = "/healthz") -> Any:
    """Ask the client program."""
    answer = requests.get(f"http://127.0.0.1:{companion_port()}{path}", timeout=5)
    answer.raise_for_status()
    return answer.json()


def dial(text: str) -> requests.Response:
    """Hand the client program what an agent copied."""
    return requests.post(
        f"http://127.0.0.1:{companion_port()}/dial", json={"text": text}, timeout=10
    )


def crash(story: Story) -> Reported:
    """1: the client program crashes on an input. 2: the report is stored, grouped, bundled."""
    story.at = "1"
    before = wait_for("the client program's health", program, 30)
    known = {p["fingerprint"]: p["count"] for p in command("comm", "problems")}
    release = f"{PRODUCT}@{story.versions.faulty}"
    if before["version"] != story.versions.faulty:
        raise StepError(f"{PRODUCT} {before['version']} runs instead of {story.versions.faulty}")
    with contextlib.suppress(requests.RequestException):  # it may die while answering
        dial(INPUT)
    after = wait_for(
        "the client program's return after its crash",
        lambda: (now := program())["pid"] != before["pid"] and now,
        60,
    )
    story.teller.step(
        "1", f"{release} crashed on {INPUT!r} and was started again",
        pid_before=before["pid"], pid_after=after["pid"],
    )  # fmt: skip
    story.at = "2"
    problem = wait_for(
        "the report at the communications server",
        lambda: next(
            (
                p
                for p in command("comm", "problems")
                if release in p["releases"] and p["count"] > known.get(p["fingerprint"], 0)
            ),
            None,
        ),
        60,
    )
    story.teller.step(
        "2a", f"stored and grouped: {problem['title']}",
        fingerprint=problem["fingerprint"], place=problem["place"], since=problem["since_release"],
        count=problem["count"],
    )  # fmt: skip
    if story.versions.retold:
        story.teller.note("a known problem waits for the hourly mail; sending it now")
        command("comm", "bundle")
    bundle = wait_for(
        "the sealed bundle",
        lambda: _bundle_of(problem["fingerprint"], problem["count"]),
        60,
    )
    return Reported(problem["fingerprint"], bundle["sequence"], bundle["message_id"])


def _bundle_of(fingerprint: str, count: int) -> dict[str, Any] | None:
    """The newest sent bundle that tells the problem."""
    for bundle in command("comm", "bundles"):
        if bundle["state"] != "frozen" and bundle["problems"].get(fingerprint, 0) >= count:
            return dict(bundle)
    return None


def mailed(story: Story, reported: Reported) -> None:
    """2: the mail lies in the vendor's mailbox, and its readable part says what broke."""
    maildir = story.layout.folder("home") / "Maildir"
    path = wait_for("the mail in the Maildir", lambda: _find(maildir, reported.message_id), 60)
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    release = f"{PRODUCT}@{story.versions.faulty}"
    for wanted in ("ValueError", release if not story.versions.retold else PRODUCT):
        if wanted not in text:
            raise StepError(f"the mail's readable part does not say {wanted!r}")
    attachment = next(iter(message.iter_attachments()))
    sealed = attachment.get_content()
    story.teller.step(
        "2b", f"mailed over SMTP: {message['Subject']}",
        bundle=reported.bundle, sealed_bytes=len(sealed), mail_bytes=path.stat().st_size,
    )  # fmt: skip


def _find(maildir: Path, message_id: str) -> Path | None:
    wanted = message_id.encode()
    for path in sorted(maildir.glob("*/*"), reverse=True):
        with path.open("rb") as file:
            if wanted in file.read(4096):
                return path
    return None


def acknowledged(story: Story, reported: Reported) -> None:
    """3: home has opened it, lists the problem, and its acknowledgement has come back."""
    story.at = "3"
    problem = wait_for(
        "the problem at the vendor",
        lambda: next(
            (
                p
                for p in home_api(story, "/api/problems")
                if p["fingerprint"] == reported.fingerprint
            ),
            None,
        ),
        60,
    )
    story.teller.step(
        "3a", f"the vendor's inbox opened, verified and lists: {problem['title']}",
        sites=len(problem["sites"]), count=problem["count"], since=problem["since_release"],
    )  # fmt: skip
    bundle = wait_for(
        "the acknowledgement at the site",
        lambda: next(
            (
                b
                for b in command("comm", "bundles")
                if b["sequence"] == reported.bundle and b["state"] == "delivered"
            ),
            None,
        ),
        60,
    )
    story.teller.step(
        "3b", f"bundle {reported.bundle} is acknowledged and marked as delivered",
        delivered_at=bundle["delivered_at"],
    )  # fmt: skip


def home_api(story: Story, path: str) -> Any:
    """The vendor console's API, with the token that lies beside its data."""
    folder = story.layout.folder("home")
    token = (folder / "api-token").read_text("utf-8").strip()
    port = story.layout.settings["home"].port
    answer = requests.get(
        f"https://localhost:{port}{path}",
        headers={"Authorization": f"Bearer {token}"},
        verify=str(folder / "tls" / "ca.pem"),
        timeout=10,
    )
    answer.raise_for_status()
    value = answer.json()
    return value.get("items", value) if isinstance(value, dict) else value
