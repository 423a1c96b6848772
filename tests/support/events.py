"""A report as `sentry-sdk` writes it, with everything a page shows."""

from __future__ import annotations

from typing import Any

AT = "2026-11-21T08:30:00.000Z"
EVIL = "<script>alert('x')</script>"

EVENT: dict[str, Any] = {
    "timestamp": AT,
    "level": "error",
    "release": "companion@1.0.0",
    "exception": {
        "values": [
            {
                "type": "ZeroDivisionError",
                "value": f"division by {EVIL}",
                "stacktrace": {
                    "frames": [
                        {
                            "function": "run_forever",
                            "filename": "asyncio/base_events.py",
                            "lineno": 607,
                            "in_app": False,
                            "context_line": "            self._run_once()",
                        },
                        {
                            "function": "half",
                            "filename": "companion/work.py",
                            "lineno": 12,
                            "in_app": True,
                            "pre_context": ["def half(n: int) -> float:", '    """Half of n."""'],
                            "context_line": "    return n / 0",
                            "post_context": ["", "", "def double(n: int) -> int:"],
                            "vars": {"n": "5", "caller": EVIL, "deep": {"a": [1]}},
                        },
                    ]
                },
            }
        ]
    },
    "breadcrumbs": {
        "values": [{"timestamp": AT, "category": "ui", "level": "info", "message": f"dial {EVIL}"}]
    },
    "tags": {"seat": EVIL},
    "contexts": {"os": {"name": "Linux", "version": "6.1"}},
}
LOGS = [
    {"at": "2026-11-21T08:29:59.500Z", "machine": "pbx", "program": "asterisk", "line": "hangup"},
    {"at": "2026-11-21T08:29:58.250Z", "machine": "seat-1", "program": "desk", "line": EVIL},
]
ENVIRONMENT = {"clients": {"seat-1": {"cpu": 12, "memory": {"free": 1024}}}, EVIL: {EVIL: [EVIL]}}
