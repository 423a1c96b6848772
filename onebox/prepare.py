"""The first start of a one-machine site. Each step looks whether it is done already."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from common.errors import OperatorError
from onebox.calls import command
from onebox.layout import CLIENT_NAME, SITE_NAME, Layout, companion_port, companion_sources

FIRST_VERSION = "1.0.0"
PRODUCT = "companion"
Tell = Callable[[str], None]


def home(layout: Layout, tell: Tell) -> None:
    """The vendor's keys and empty publication; before `callstead home serve`."""
    if not (layout.folder("home") / "publication" / "metadata" / "timestamp.json").exists():
        tell("home: making the vendor's keys and an empty publication")
        command("home", "init")


def build_first(layout: Layout, tell: Tell) -> None:
    """The first version of the client program; what is built already is kept."""
    builds = layout.home / "build"
    if not (builds / f"{PRODUCT}-{FIRST_VERSION}").exists():
        tell(f"packaging: building {PRODUCT} {FIRST_VERSION} with PyInstaller")
        build(FIRST_VERSION, FIRST_VERSION, builds)


def first_release(layout: Layout, tell: Tell) -> None:
    """Pack, sign and publish the first version; go on where an earlier start was killed."""
    channels = command("home", "status")["products"].get(PRODUCT, {}).get("channels", {})
    if "stable" in channels:
        return
    tell(f"home: signing and publishing {PRODUCT} {FIRST_VERSION}")
    if "dev" not in channels:
        pack = pack_version(layout, FIRST_VERSION, FIRST_VERSION)
        command("home", "publish", str(pack), "--channel", "dev")
    promote(FIRST_VERSION, ["stable"] if "test" in channels else ["test", "stable"])


def site(layout: Layout, tell: Tell) -> None:
    """The kit from the vendor; before `callstead comm serve`."""
    if (layout.folder("comm") / "kit.json").exists():
        return
    kit = layout.home / "kit.json"
    if not kit.exists():
        tell("home: making the kit of the site")
        command("home", "site", "add", SITE_NAME, "--out", str(kit))
    tell("comm: installing the kit")
    command("comm", "init", "--kit", str(kit))


def client(layout: Layout, tell: Tell) -> None:
    """The client joins the site and takes the program into its care."""
    if not (layout.folder("updater") / "identity" / "joined.json").exists():
        tell(f"updater: joining the site as {CLIENT_NAME}")
        code = command("comm", "invite")["code"]
        address = f"127.0.0.1:{layout.settings['comm'].port}"
        root = layout.folder("comm") / "root.json"
        command(
            "updater", "join", address, code, "--root", str(root), "--name", CLIENT_NAME
        )  # fmt: skip
    command("updater", "adopt", PRODUCT, "--channel", "stable", "--port", str(companion_port()))


def appliance_reporting(layout: Layout) -> dict[str, str]:
    """The environment by which the appliance reports its errors like everyone else."""
    dsn = command("comm", "dsn", "appliance", "--machine", "appliance")
    return {
        "CALLSTEAD_APPLIANCE_DSN": dsn["dsn"],
        "CALLSTEAD_APPLIANCE_CA_FILE": dsn["ca_file"],
        "CALLSTEAD_APPLIANCE_COMM_URL": f"https://localhost:{layout.settings['comm'].port}",
    }


def pack_version(layout: Layout, version: str, sources: str) -> Path:
    """Build the program's ``sources`` as ``version`` and pack it; the folder of the pack."""
    builds, packs = layout.home / "build", layout.home / "packs"
    pack = packs / f"{PRODUCT}-{version}"
    if pack.exists():
        shutil.rmtree(pack)
    built = build(version, sources, builds)
    command(
        "home", "pack", str(built), "--product", PRODUCT, "--version", version,
        "--start", PRODUCT, "--health-path", "/healthz", "--database", "calls.db",
        "--out", str(pack),
    )  # fmt: skip
    return pack


def build(version: str, sources: str, into: Path) -> Path:
    """Run the program's build script; the folder of the finished tree."""
    script = companion_sources() / "build.py"
    done = subprocess.run(
        [sys.executable, str(script), version, "--sources", sources, "--out", str(into)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise OperatorError(
            f"{PRODUCT} {version} could not be built: {(done.stderr or done.stdout)[-600:]}"
        )
    return into / f"{PRODUCT}-{version}"


def publish(pack: Path, version: str) -> None:
    """Dev -> test -> stable, each with a named approval."""
    command("home", "publish", str(pack), "--channel", "dev")
    promote(version, ["test", "stable"])


def promote(version: str, channels: list[str]) -> None:
    """Let the version into these channels, one after the other."""
    for channel in channels:
        command("home", "promote", PRODUCT, version, "--to", channel, "--by", "callstead run")
