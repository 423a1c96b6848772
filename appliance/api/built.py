"""Files of the front ends as `setup.py` built them, gzipped beforehand where that is worth it."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from flask import Response, request, send_from_directory


def send_built(folder: Path, name: str, max_age: int | None = None) -> Response:
    """The file ``name`` of ``folder``, as ``name.gz`` to those who take it; 404 without it.

    Args:
        folder: where the files are.
        name: without a folder.
        max_age: seconds that browsers may keep it; None leaves that to the caller.
    """
    packed = request.accept_encodings.quality("gzip") > 0 and (folder / f"{name}.gz").is_file()
    answer = send_from_directory(
        folder,
        f"{name}.gz" if packed else name,
        mimetype=mimetypes.guess_type(name)[0],
        max_age=max_age,
    )
    if packed:
        answer.content_encoding = "gzip"
    answer.vary.add("Accept-Encoding")
    return answer
