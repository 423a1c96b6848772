"""Microphone, speaker and ringer of the phone in the desk: Chromium has several, all of silk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.phone_site import PhoneSite, phone_site
from tests.support.waiting import until

pytestmark = pytest.mark.slow
expect.set_options(timeout=30_000)

# What the page uses: its lines, where they are heard, where it rings, and which microphones are on.
# `gone` are devices that somebody pulled out.
SEEN = """
window.seen = { lines: [], heard: [], rings: [], tracks: [] };
window.gone = [];
const { RTCPeerConnection: Line, Audio: Sound, AudioContext: Tones } = window;
window.RTCPeerConnection = class extends Line {
  constructor(...given) { super(...given); seen.lines.push(this); }
};
window.Audio = class extends Sound {
  constructor(...given) { super(...given); seen.heard.push(this); }
};
window.AudioContext = class extends Tones {
  constructor(...given) { super(...given); seen.rings.push(this); }
};
const media = navigator.mediaDevices;
const [ask, list] = [media.getUserMedia.bind(media), media.enumerateDevices.bind(media)];
media.getUserMedia = async (wanted) => {
  if (gone.includes(wanted.audio?.deviceId?.exact)) throw new DOMException("", "NotFoundError");
  const stream = await ask(wanted);
  seen.tracks.push(...stream.getTracks());
  return stream;
};
media.enumerateDevices = async () => (await list()).filter((one) => !gone.includes(one.deviceId));
"""
PULL = """(ids) => {
  window.gone = ids;
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
}"""
LINE = "seen.lines.at(-1)?.getSenders().find((one) => one.track)?.track"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("p") / "home") as made:
        yield made


@pytest.fixture
def anna(site: PhoneSite) -> Iterator[Page]:
    page = site.desk("anna")
    page.add_init_script(SEEN)
    load(page)
    yield page
    page.context.close()
    site.until_quiet()


def load(page: Page) -> None:
    """Anew, with the panel of the phone open."""
    page.reload()
    expect(page.locator("[data-test=phone-state]")).to_have_text("The phone is ready")
    page.get_by_role("button", name="My phone").click()


def choose(page: Page, what: str, name: str) -> str:
    """One of those that are there: its id."""
    field = page.get_by_label(what, exact=True)
    field.select_option(label=name)
    return field.input_value()


def echo(page: Page) -> None:
    """A call of one's own."""
    page.get_by_role("button", name="Echo test", exact=True).click()
    expect(page.get_by_role("button", name="End the echo test")).to_be_visible()
    is_so(page, f"{LINE}?.readyState === 'live'")


def end(page: Page) -> None:
    page.get_by_role("button", name="End the echo test").click()
    expect(page.get_by_role("button", name="Echo test", exact=True)).to_be_enabled()


def is_so(page: Page, expression: str, given: Any = None) -> None:
    until(
        lambda: page.evaluate(f"(given) => {expression}", given), 30, expression,
        lambda: page.evaluate("() => JSON.stringify(seen.tracks.map((one) => one.getSettings()))"),
    )  # fmt: skip


def speaks_into(page: Page, microphone: str) -> None:
    is_so(page, f"{LINE}?.getSettings().deviceId === given", microphone)


def test_what_was_chosen_is_remembered_and_used_for_the_next_call(anna: Page):
    microphone = choose(anna, "Microphone", "Fake Audio Input 2")
    speaker = choose(anna, "Speaker", "Fake Audio Output 2")
    ringer = choose(anna, "Ringing and tones", "Fake Audio Output 1")
    assert speaker != ringer
    load(anna)
    chosen = {"Microphone": microphone, "Speaker": speaker, "Ringing and tones": ringer}
    for what, one in chosen.items():
        expect(anna.get_by_label(what, exact=True)).to_have_value(one)
    echo(anna)
    speaks_into(anna, microphone)
    is_so(anna, "seen.heard.some((one) => one.srcObject && one.sinkId === given)", speaker)
    end(anna)
    anna.get_by_role("button", name="Anna").click()
    sound = anna.get_by_role("button", name="When a conversation rings")
    sound.click()
    sound.click()  # turned on again, it is to be heard
    is_so(anna, "seen.rings.some((one) => one.sinkId === given)", ringer)


def test_another_one_is_used_in_the_call_that_goes_on_and_let_go_with_it(anna: Page):
    choose(anna, "Microphone", "Fake Audio Input 1")
    echo(anna)
    speaks_into(anna, choose(anna, "Microphone", "Fake Audio Input 2"))
    speaker = choose(anna, "Speaker", "Fake Audio Output 1")
    is_so(anna, "seen.heard.some((one) => one.srcObject && one.sinkId === given)", speaker)
    asked = anna.evaluate("seen.tracks.length")
    choose(anna, "Speaker", "Fake Audio Output 2")
    assert anna.evaluate("seen.tracks.length") == asked, "the microphone stays as it is"
    end(anna)
    is_so(anna, "seen.tracks.every((one) => one.readyState === 'ended')")


def test_one_that_vanishes_is_stood_in_for_with_a_word_until_it_is_back(anna: Page):
    ids = {
        "Microphone": choose(anna, "Microphone", "Fake Audio Input 2"),
        "Speaker": choose(anna, "Speaker", "Fake Audio Output 2"),
        "Ringing and tones": choose(anna, "Ringing and tones", "Fake Audio Output 1"),
    }
    echo(anna)
    speaks_into(anna, ids["Microphone"])
    anna.evaluate(PULL, list(ids.values()))
    for word in ("The microphone you chose is not", "The speaker you chose is not", "What you"):
        expect(anna.get_by_text(word)).to_be_visible()
    is_so(anna, f"{LINE}?.readyState === 'live'")
    is_so(anna, f"{LINE}?.getSettings().deviceId !== given", ids["Microphone"])
    is_so(anna, "seen.heard.some((one) => one.srcObject && one.sinkId === '')")
    for what, one in ids.items():
        expect(anna.get_by_label(what, exact=True)).to_have_value(one)
    anna.evaluate(PULL, [])
    expect(anna.get_by_text("The microphone you chose is not")).to_be_hidden()
    speaks_into(anna, ids["Microphone"])
    is_so(anna, "seen.heard.some((one) => one.srcObject && one.sinkId === given)", ids["Speaker"])
    end(anna)


def test_one_that_was_never_there_again_does_not_keep_the_phone_from_working(anna: Page):
    anna.evaluate(
        "localStorage.setItem('callstead.phone.devices', '{\"microphone\": \"of another day\"}')"
    )
    load(anna)
    expect(anna.get_by_text("The microphone you chose is not")).to_be_visible()
    echo(anna)
    end(anna)
