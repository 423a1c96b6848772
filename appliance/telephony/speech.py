"""What is heard, as files that the switch plays: uploaded recordings, and texts that are spoken.

espeak-ng comes with the switch's tree as a program of its own and is called as one; nothing of it
is linked. Every text is spoken once and kept.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.flow import Prompt
from appliance.telephony.audio import from_wav
from appliance.telephony.tree import Tree
from common.atomic import write_secret
from common.errors import OperatorError
from common.logs import get_logger

log = get_logger(__name__)

VOICES = {"zh-CN": "cmn", "en": "en-gb"}
MOST_SECONDS = 120.0
_WORDS_A_MINUTE = "150"
_SPEAK_SECONDS = 60
_ENDING = ".sln16"


class NotSpokenError(OperatorError):
    """Why a text cannot be spoken, and what to do."""


def speak(tree: Tree, text: str, language: str) -> bytes:
    """The text as samples (see `appliance.telephony.audio`).

    Raises:
        InvalidError: there is no voice for the language.
        OperatorError: there is no switch here; NotSpokenError: its voice failed.
    """
    voice = VOICES.get(language)
    if voice is None:
        raise InvalidError("voice-unknown", language=language, known=list(VOICES))
    try:
        done = subprocess.run(
            [*tree.speech(), "-v", voice, "-s", _WORDS_A_MINUTE, "--stdin", "--stdout"],
            input=text.encode(), capture_output=True, timeout=_SPEAK_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSpokenError(f"espeak-ng could not be run ({error}).") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise NotSpokenError(f"espeak-ng did not speak ({said or done.returncode}).")
    return from_wav(done.stdout, MOST_SECONDS)


class Speech:
    """Files below ``folder``, made when they are first wanted.

    Args:
        folder: ours; what is in it can be made again.
        tree: the switch's, with the voice.
        recording: the samples of an uploaded recording, by its id; None: it is gone.
    """

    def __init__(self, folder: Path, tree: Tree, recording: Callable[[int], bytes | None]) -> None:
        self._folder, self._tree, self._recording = folder, tree, recording

    def media(self, prompt: Prompt) -> str | None:
        """The name that the switch plays; None: it cannot be heard, which is logged."""
        try:
            if prompt.recording:
                return self._kept(f"recording-{prompt.recording}", lambda: self._uploaded(prompt))
            # A voice that is exchanged speaks anew.
            words = f"{self._tree.about}\0{prompt.language}\0{prompt.text}"
            name = hashlib.sha256(words.encode()).hexdigest()[:32]
            return self._kept(name, lambda: speak(self._tree, prompt.text, prompt.language))
        except (NotSpokenError, InvalidError, OSError, LookupError) as error:
            log.error("speech.not_heard", reason=str(error), recording=prompt.recording)  # noqa: TRY400
            return None

    def _uploaded(self, prompt: Prompt) -> bytes:
        found = self._recording(prompt.recording)
        if found is None:
            raise LookupError(f"the recording {prompt.recording} is gone")
        return found

    def _kept(self, name: str, make: Callable[[], bytes]) -> str:
        path = self._folder / (name + _ENDING)
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_secret(path, make())
        return str(path.with_suffix(""))
