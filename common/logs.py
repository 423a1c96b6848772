"""Structured logs: one JSON line an event on stderr, which journald or `callstead run` keeps."""

from __future__ import annotations

import logging
import sys
from typing import Any, cast

import structlog

# Values under these keys never reach a log line.
_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "private", "dsn", "code")


def _hide_secrets(_logger: Any, _method: str, event: Any) -> Any:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "[hidden]"
    return event


def set_up(program: str, level: str = "info") -> None:
    """Send structlog and the standard library's logging to stderr as JSON lines.

    Args:
        program: stands in every line as ``program``.
        level: debug, info, warning or error.
    """

    def name_program(_logger: Any, _method: str, event: Any) -> Any:
        event["program"] = program  # not by contextvars, which other threads do not inherit
        return event

    shared: list[Any] = [
        name_program,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.dict_tracebacks,
        _hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("urllib3", "apscheduler", "tuf", "uvicorn.access", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger: call it with an event and keyword facts: ``log.info("bundle.sent", seq=4)``."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(name))
