#!/usr/bin/env bash
# Makes sure of the system packages that `make run` or `make test` needs.
# As root on Debian it installs the missing ones; elsewhere it names them and ends with 2.
# Usage: packaging/system-packages.sh run|test
set -euo pipefail

python=${PYTHON:-python3}
missing=()
unread=
need() { # COMMAND PACKAGE
    command -v "$1" > /dev/null || missing+=("$2")
}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    echo "Callstead needs Python 3.11 or newer as '$python'; set PYTHON=/path/to/python3." >&2
    exit 2
fi

"$python" -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3-venv)
# PyInstaller takes programs apart with objdump and packs Python's shared library with them.
need objdump binutils
"$python" - << 'PY' 2> /dev/null || missing+=("$("$python" -c \
    'import sys; print("libpython%d.%d" % sys.version_info[:2])')")
import ctypes, sysconfig
ctypes.CDLL(sysconfig.get_config_var("INSTSONAME"))
PY

if [ "${1:-}" = test ]; then
    need git git                   # the tests look at what is tracked, and at nothing else
    need strace strace             # proves what is on disk before an answer is given
    need systemd-analyze systemd   # checks the units
    need chromium chromium         # runs the real Sentry SDK of browsers
    need postfix postfix           # real mail servers, each test with its own folder and ports
    need redis-server redis-server # carries wake-ups between nodes; each test has its own
    compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || missing+=(postgresql)
    [ -x /usr/sbin/sshd ] || missing+=(openssh-server) # a real SFTP server, as above
    [ -x /usr/lib/dovecot/imap ] || missing+=(dovecot-imapd)
    [ -x /usr/lib/dovecot/pop3 ] || missing+=(dovecot-pop3d)
    need mmdebstrap mmdebstrap # brings the switch
    need sipp sip-tester       # callers and desk phones
    # It comes from the mirror that apt names, and apt knows it once it has read its lists.
    apt-get indextargets --format '$(ORIGIN)' 'Created-By: Packages' 2> /dev/null | grep -q Debian ||
        [ "$(id -u)" != 0 ] || unread=yes
fi

[ ${#missing[@]} -eq 0 ] && [ -z "$unread" ] && exit 0

if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
    echo "Installing system packages: ${missing[*]:-none, only reading the lists}"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! { apt-get -qq update && { [ ${#missing[@]} -eq 0 ] ||
        apt-get -qq install --no-install-recommends "${missing[@]}"; }; } \
        > "$log" 2>&1 < /dev/null; then
        tail -n 20 "$log" >&2
        echo "These system packages could not be installed: ${missing[*]}" >&2
        exit 2
    fi
else
    echo "Missing on this machine: ${missing[*]} (names of Debian packages). Install them first." >&2
    exit 2
fi
