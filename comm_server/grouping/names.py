"""Names of modules and functions without what a build, an install or a run put into them."""

from __future__ import annotations

import re

_MOST = 300
_NAMES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), substitute)
    for pattern, substitute in (
        (r"0x[0-9a-fA-F]+", ""),  # addresses
        (r"\$\$(?:Lambda|EnhancerBy\w+|FastClassBy\w+)\$*[\w$/.]*", "$$"),  # JVM, made at run time
        (r"(\$Proxy|Generated\w+Accessor)\d+", r"\1"),
        (r"lambda\$(\w+)\$\d+", r"lambda$\1"),
        (r"\$\d+(?=[$.:]|$)", "$"),  # Java's anonymous classes
        (r"<(\w+)>d__\d+(?:`\d+)?(?:[.:]MoveNext)?", r"\1"),  # C# async and iterators
        (r"<(\w*)>([a-z])__(\w*?)\d+(?:_\d+)*", r"<\1>\2__\3"),  # C# lambdas, local functions
        (r"`\d+", ""),
        (r"\.func\d+(?:\.\d+)*", ".func"),  # Go's closures
        (r"\.gowrap\d+", ".gowrap"),
        (r"\[[^\[\]]*\]", ""),  # type arguments; ` [as name]` of V8
        (r"^(?:async |new |bound )+", ""),
        (r"(?:anonymous|lambda)[_-]?\d+", "anonymous"),
    )
)
_BUILD = re.compile(
    r"[.~_-](?:v?\d+(?:\.\d+)+|[0-9a-f]{6,}|(?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{8,})"
    r"(?=\.|$|[.~-](?:min|bundle|chunk|prod)\b)"
)


def plain_name(name: str) -> str:
    """A module's or function's name, the same in every build and run."""
    name = name[:_MOST]
    for pattern, substitute in _NAMES:
        name = pattern.sub(substitute, name)
    return name.strip()


def plain_file(path: str) -> str:
    """The file's own name: where it is installed, and the hash of its build, do not count."""
    path = re.split(r"[?#]", path[-1000:], maxsplit=1)[0].replace("\\", "/")
    name = path.rstrip("/").rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return _BUILD.sub("", stem) + dot + ending if dot else name
