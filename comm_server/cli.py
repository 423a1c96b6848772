"""`callstead comm …`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from comm_server.dsns import dsn_url, ensure_dsn
from comm_server.export import export
from comm_server.fingerprint import explain
from comm_server.fleet.codes import new_invitation
from comm_server.mail.ack_file import FileSource
from comm_server.parts import Parts, create_parts
from comm_server.problems import listing
from comm_server.rollout.cli import Site as RolloutSite
from comm_server.rollout.cli import rollout_group
from comm_server.settings import load_settings
from comm_server.site import install_kit
from common.cli import group as command_group
from common.cli import json_option, show
from common.logs import set_up
from common.trust import FolderSource


@command_group(name="comm")
def group() -> None:
    """The site's communications server: errors out, updates in."""


@contextlib.contextmanager
def _parts() -> Iterator[Parts]:
    set_up("comm", "warning")
    parts = create_parts()
    try:
        yield parts
    finally:
        parts.close()


@group.command()
@click.option("--kit", type=click.Path(path_type=Path), required=True, help="From the vendor.")
@json_option
def init(kit: Path, as_json: bool) -> None:
    """Make this machine the communications server of the site that the kit names."""
    site = install_kit(load_settings().folder, kit)
    show(
        {"site": site.site, "name": site.name},
        as_json,
        f"This is now the communications server of {site.name} ({site.site}).",
    )


@group.command()
def serve() -> None:
    """Run the communications server until it is told to stop."""
    # Here, because the web costs half a second that no other command should pay.
    from comm_server.app import serve as serve_forever  # noqa: PLC0415

    set_up("comm", load_settings().log_level)
    serve_forever()


@group.command()
@json_option
def invite(as_json: bool) -> None:
    """Print a one-time code by which one computer may join the site within an hour."""
    with _parts() as parts:
        invitation = new_invitation(parts.authority.fingerprint)
        expires = parts.fleet.keep_invitation(invitation.secret_sha256)
        port = parts.settings.current.port
    show(
        {"code": invitation.text, "expires_at": expires},
        as_json,
        f"{invitation.text}\n\nOn the computer that shall join, within an hour:\n"
        f"  callstead updater join THIS-SERVER:{port} {invitation.text} --root root.json",
    )


@group.command()
@click.argument("program")
@click.option("--machine", required=True, help="The machine that the program runs on.")
@json_option
def dsn(program: str, machine: str, as_json: bool) -> None:
    """Print the DSN by which PROGRAM on a machine reports; the same one each time."""
    with _parts() as parts:
        settings = parts.settings.current
        number, key = ensure_dsn(parts.store, program, machine, parts.clock)
        identity = parts.authority.server_identity(settings.names)
        host = settings.names[0] if settings.names else "localhost"
        url = dsn_url(number, key, "https", host, settings.port)
    show({"dsn": url, "ca_file": str(identity.client_ca)}, as_json, url)


@group.command()
@json_option
def problems(as_json: bool) -> None:
    """List the problems of this site, latest first."""
    with _parts() as parts:
        found = listing(parts.store, 500)
    text = "\n".join(
        f"{p['last_seen'][:19]}  {p['count']:>6}x  {p['program']}  {p['title']}  ({p['place']})"
        for p in found
    )
    show(found, as_json, text or "No program of this site has reported an error.")


@group.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@json_option
def fingerprint(files: tuple[Path, ...], as_json: bool) -> None:
    """Tell how the report in each of FILES would be grouped; needs no site.

    A file holds a Sentry event (JSON), or plain text with or without a stack trace. With --json,
    one line for each.
    """
    phones = load_settings().scrub.rules  # where there is a site, as it masks
    for one in (explain(path, phones) for path in files):
        parts = "\n".join(f"  {part}" for part in one["parts"])
        text = f"{one['fingerprint']}  {one['grouper']}  {one['file']}\n{parts}"
        click.echo(json.dumps(one, ensure_ascii=False) if as_json else text)


@group.command()
@json_option
def bundles(as_json: bool) -> None:
    """List what was sent home, newest first."""
    with _parts() as parts:
        found = parts.outbox.listing()
        for bundle in found:
            summary = json.loads(bundle.pop("summary"))
            bundle["problems"] = {p["fingerprint"]: p["count"] for p in summary["problems"]}
    text = "\n".join(
        f"{b['sequence']:>6}  {b['created_at'][:19]}  {b['reason']:<9}  {b['state']:<9}  "
        f"{b['size']:>8} bytes  {b['last_error'] or ''}"
        for b in found
    )
    show(found, as_json, text or "Nothing was sent home yet.")


@group.command()
@json_option
def clients(as_json: bool) -> None:
    """List the computers that have joined, and what they run."""
    with _parts() as parts:
        found = parts.fleet.all()
    text = "\n".join(
        f"{c['name']:<24}  {c['platform']:<16}  last heard {str(c['last_seen'])[:19]}  "
        + ", ".join(f"{p['product']} {p['release'] or '-'}" for p in c["programs"])
        for c in found
    )
    show(found, as_json, text or "No computer has joined yet. Begin with `callstead comm invite`.")


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Tell how the site stands: mail, releases, rollouts, refusals."""
    with _parts() as parts:
        value = _status(parts)
    lines = [
        f"site {value['name']} ({value['site']})",
        (f"reports {value['reports']}, waiting to be digested {value['raw_waiting']}, "
        f"quarantined {value['quarantined']}"),
        f"bundles {value['bundles']}, not acknowledged yet {value['bundles_open']}",
        *(f"release {m['product']} {m['version']} ({m['channel']}, {m['platform']}) since {m['at']}"
          for m in value["mirrored"]),
        *(f"{n['product']} {n['version']} ({n['channel']}): {n['sentence']}"
          for n in value["notices"]),
        *(f"HALTED {h['product']} {h['version']}: {h['reason']}" for h in value["halts"]),
        *(f"refused {r['at']} ({r['via']}): {r['sentence']}" for r in value["refusals"]),
    ]  # fmt: skip
    show(value, as_json, "\n".join(lines))


def _status(parts: Parts) -> dict[str, Any]:
    store = parts.store
    return {
        "site": parts.site.site,
        "name": parts.site.name,
        "reports": store.value("SELECT coalesce(sum(count), 0) FROM problems"),
        "raw_waiting": store.value("SELECT count(*) FROM raw WHERE state = 'new'"),
        "quarantined": store.value("SELECT count(*) FROM raw WHERE state = 'quarantined'"),
        "bundles": store.value("SELECT count(*) FROM bundles"),
        "bundles_open": store.value("SELECT count(*) FROM bundles WHERE state <> 'delivered'"),
        "mirrored": store.rows("SELECT product, channel, platform, version, at FROM mirrored"),
        "notices": store.rows("SELECT * FROM notices ORDER BY product, version, channel"),
        "halts": parts.rollout.halts(),
        "refusals": store.rows(
            "SELECT at, via, kind, sentence FROM refusals ORDER BY id DESC LIMIT 20"
        ),
    }


@group.command()
@json_option
def pull(as_json: bool) -> None:
    """Look for new releases at the vendor now."""
    with _parts() as parts:
        _tell_offer(parts.pull(), as_json)


@group.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def import_folder(folder: Path, as_json: bool) -> None:
    """Take what the vendor sent from FOLDER, a USB stick: acknowledgements and releases.

    Releases go through the same gate as by every other way in.
    """
    with _parts() as parts:
        path = folder / "acks" / f"{parts.site.site}.json"
        news = _hear(parts, path) if path.exists() else None
        if news is not None and not (folder / "metadata").is_dir():
            _tell_news(news, as_json)
        else:
            _tell_offer(parts.mirror.offer(FolderSource(folder), "usb"), as_json)


@group.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def acknowledgements(file: Path, as_json: bool) -> None:
    """Take the vendor's acknowledgements from FILE, as it came back on a stick or by mail."""
    with _parts() as parts:
        _tell_news(_hear(parts, file), as_json)


def _hear(parts: Parts, path: Path) -> list[int]:
    return FileSource(parts.site, path).hear(parts.courier.heard)


def _tell_news(news: list[int], as_json: bool) -> None:
    text = "The acknowledgements tell nothing new."
    if news:
        text = f"The vendor has the bundles {', '.join(map(str, news))}."
    show({"delivered": news}, as_json, text)


@group.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--mails", is_flag=True, help="Whole mails (.eml) in place of bare bundles (.csb).")
@json_option
def export_folder(folder: Path, mails: bool, as_json: bool) -> None:
    """Write what the vendor has not acknowledged to FOLDER, a USB stick.

    The same bundles as in the mails; they are kept here until the vendor's acknowledgement comes,
    by any way. Run it again after a cut: what lies there whole is not written twice.
    """
    with _parts() as parts:
        done = export(parts.store, parts.clock, parts.site.site, folder, mails=mails)
    value = {"folder": str(done.folder), "written": done.written, "already": done.already}
    text = (
        f"{len(done.written)} bundle(s) written to {done.folder}, {len(done.already)} lay there. "
        "At the vendor: `callstead home inbox import FOLDER`; then bring the stick back to "
        "`callstead comm import FOLDER`."
    )
    show(value, as_json, text)


def _tell_offer(answer: Any, as_json: bool) -> None:
    value = answer.as_dict()
    show(value, as_json, value["sentence"])
    sys.exit(0 if value["accepted"] else 5)


@group.command()
@json_option
def bundle(as_json: bool) -> None:
    """Make a bundle of what is known now, without waiting for the schedule."""
    with _parts() as parts:
        sequence = parts.courier.make_bundle("scheduled")
    show({"sequence": sequence}, as_json, f"Bundle {sequence} is ready to be sent.")


@contextlib.contextmanager
def _rollout() -> Iterator[RolloutSite]:
    with _parts() as parts:
        yield RolloutSite(parts.rollout, parts.orders, parts.mirror.live)


group.add_command(rollout := rollout_group(_rollout))
group.add_command(rollout.commands["resume"])  # as people have known it
