"""A tree whose "loader" is a script that behaves like the switch, as far as starting it goes."""

from __future__ import annotations

from pathlib import Path

# Called as the real one: LOADER --library-path L PROGRAM -C CONFIG (-f -n | -rx COMMAND).
_LOADER = """\
#!/bin/sh
run=$(sed -n 's/^astrundir => //p' "$5")
if [ "$6" = -rx ]; then
    kill -0 "$(cat "$run/asterisk.pid" 2> /dev/null)" 2> /dev/null || exit 1
    echo "$7" >> "$run/asked"
    [ -e "$run/silent" ] && exit 1
    case "$7" in
        "core stop now") kill "$(cat "$run/asterisk.pid")" ;;
        "ari show apps") [ -e "$run/alone" ] && echo "none" || echo "callstead" ;;
        "core show version") echo "Asterisk 22.0.1 built by nobody" ;;
        *) echo "done" ;;
    esac
    exit 0
fi
[ -e "${0%/*}/broken" ] && { echo "cannot load libc"; exit 1; }
echo $$ > "$run/asterisk.pid"
trap 'rm -f "$run/asterisk.pid"; exit 0' TERM
while :; do sleep 0.05; done
"""

# Stands for mmdebstrap: SUITE ROOT MIRROR are its last three arguments.
_MMDEBSTRAP = """\
#!/bin/sh
echo "I: running apt-get update..."
echo "I: downloading packages with apt..."
echo fetched > "$OUR_DOWNLOADS/asterisk.deb"
[ -e "{here}/no-network" ] && {{ echo "E: the mirror is away"; exit 1; }}
for last; do one=$two; two=$three; three=$last; done
cp -r "{here}/packages/." "$two"
echo "I: extracting archives..."
"""


def make_tree(folder: Path) -> Path:
    """A tree with loader, program, modules and a voice."""
    for name in ("lib/x86_64-linux-gnu/asterisk/modules", "sbin", "lib64",
                 "share/asterisk/moh", "share/asterisk/sounds/en_US_f_Allison"):  # fmt: skip
        (folder / "usr" / name).mkdir(parents=True)
    loader = folder / "usr" / "lib64" / "ld-linux-x86-64.so.2"
    loader.write_text(_LOADER)
    loader.chmod(0o755)
    return folder


def make_mmdebstrap(folder: Path) -> Path:
    """A folder for PATH with a ``mmdebstrap`` in it that brings `make_tree`'s tree."""
    (folder / "bin").mkdir(parents=True)
    make_tree(folder / "packages")
    program = folder / "bin" / "mmdebstrap"
    program.write_text(_MMDEBSTRAP.format(here=folder))
    program.chmod(0o755)
    return folder / "bin"
