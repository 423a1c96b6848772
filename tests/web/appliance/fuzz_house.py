"""Something of each kind is there: or hardly a request would get further than a 404."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from appliance.app import recordings_of
from appliance.domain.agent_state import Presence
from appliance.domain.conversation import State
from appliance.domain.roles import PERMISSIONS, Role
from appliance.domain.telephony.provider import Channel
from appliance.domain.telephony.recording import What
from appliance.domain.work import Work
from appliance.services.telephony.take_call import take_call
from appliance.telephony.signed_in import SignedIn
from appliance.telephony.tree import Tree
from common.web.totp import code_at
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Person, Visitor, ready
from tests.web.appliance.test_flows import tone

NEAR = 3  # so many of each kind
NUMBER = "010 1234"  # may be called
_CODE = "/me/second-factor"

Case = dict[str, Any]  # of one operation: `path_parameters`, `body`, `media_type`


@dataclass
class FuzzHouse:
    """What is there, and who asks.

    Attributes:
        key: of a program that may do everything.
        visitor: with a conversation.
        fay: at a desk; a program must not touch her second factor.
        words: by the name of a parameter in a path: those that are there.
        right: by operation, how it is asked rightly; what is used up by one request is made anew.
    """

    house: House
    admin: Person
    key: str
    queue: int
    visitor: Visitor = field(init=False)
    fay: Person = field(init=False)
    words: dict[str, list[str]] = field(default_factory=dict)
    right: dict[str, Callable[[], Case]] = field(default_factory=dict)

    def furnish(self, folder: Path) -> None:
        """Something of each kind."""
        me = self.admin.get("/desk/me")["id"]
        self.admin.do("PATCH", f"/agents/{me}", {"queues": [self.queue], "capacity": 1000})
        ready(self.admin)
        hooks = self._simple()
        visitors = []
        for _number in range(NEAR):
            visitors.append(Visitor(self.house, self.queue))
            self.admin.do("POST", f"/desk/conversations/{visitors[-1].id}/accept")
        self.visitor = visitors[-1]
        self._webhooks(hooks)
        self._sounds(folder)
        self._second_factor()
        self.right["POST /api/v1/desk/phone/calls"] = lambda: (
            self._available(me) or {"body": {"number": NUMBER, "queue": self.queue}}
        )

    def _available(self, agent: int) -> None:
        """Whatever was said of them before."""

        def job(work: Work) -> None:
            for one in work.held_by(agent):
                work.save(replace(one, state=State.CLOSED, agent=None))
            queues = frozenset({self.queue})
            wanted = replace(work.agent(agent), presence=Presence.AVAILABLE, queues=queues)
            work.save_agent(wanted)

        self.house.appliance.office.floor.write(job)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        """As the program."""
        answer = self.house.appliance.flask.test_client().open(
            f"/api/v1{path}", method=method, json=body, base_url=ORIGIN,
            headers={"Authorization": f"Bearer {self.key}", "If-Match": "*"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return answer.json

    def _simple(self) -> list[str]:
        names = {"en": "A name"}
        block = {"kind": "network", "value": "192.0.2.7", "reason": "spam", "until": None}
        hooks = []
        for number in range(1, NEAR + 1):
            for path, body in (
                ("/canned", {"shortcut": f"s{number}", "texts": names}),
                ("/fields", {"subject": "contact", "key": f"k{number}", "names": names}),
                ("/teams", {"name": f"team {number}"}),
                ("/blocklist", {**block, "value": f"192.0.2.{number}"}),
                ("/flows", {"name": f"flow {number}", "form": {}}),
                ("/webhooks", {"name": f"hook {number}", "url": "https://crm.example/hook"}),
            ):
                made = self.admin.do("POST", path, body, 201)
                hooks += [made["id"]] if path == "/webhooks" else []
            self.house.add(f"user{number}", Role.AGENT)
        return hooks

    def _webhooks(self, hooks: list[str]) -> None:
        one = f"/webhooks/{hooks[0]}"
        for _number in range(NEAR):
            tried = self.admin.do("POST", f"{one}/test", status=201)
        self.words["webhook"] = hooks
        self._right("POST /webhooks", body={"name": "another", "url": "https://crm.example/"})
        self._right("PATCH /webhooks/{webhook}", webhook=hooks[0], body={"name": "renamed"})
        self.right["POST /api/v1/webhooks/{webhook}/test"] = lambda: {
            "path_parameters": {"webhook": self._ask("PATCH", one, {"active": True})["id"]}
        }
        resend = "/webhooks/{webhook}/deliveries/{delivery}/resend"
        self._right(f"POST {resend}", webhook=hooks[0], delivery=tried["id"])
        for verb in ("GET", "DELETE"):
            self._right(f"{verb} /webhooks/{{webhook}}", webhook=hooks[verb == "DELETE"])
        for what in ("GET /webhooks/{webhook}/deliveries", "POST /webhooks/{webhook}/secret"):
            self._right(what, webhook=hooks[0])

    def _sounds(self, folder: Path) -> None:
        """Recordings of calls, and prompts; recording 1 has a note of the program's person."""
        office, sound = self.house.appliance.office, tone(8000, 1.0)
        kept = recordings_of(self.house.settings, office, self.house.clock)
        for number in range(1, NEAR + 1):
            channel = Channel(f"c{number}", True, str(number), "2")
            call = office.floor.write(lambda work, at=channel: take_call(work, at, self.queue))
            path = folder / f"talk{number}.wav"
            path.write_bytes(sound)
            kept.keep(kept.begin(call.conversation, What.CALL, path.stem), path, lambda _one: None)
            file = (io.BytesIO(sound), f"{number}.wav")
            answer = self.admin.send("/prompts", {"name": f"prompt {number}", "file": file})
            assert answer.status_code == 201, answer.text
            self.admin.do("POST", f"/recordings/{number}/notes", {"at": 0.5, "text": "here"})
        self.words["token"] = [
            self._ask("POST", "/recordings/1/play")["address"].rpartition("/")[2]
        ]
        self._right("GET /recordings/of/{conversation}", conversation=call.conversation)
        self._right("GET /recordings/sound/{token}", token=self.words["token"][0])
        for what in ("GET /recordings/{recording}", "POST /recordings/{recording}/play",
                     "POST /recordings/{recording}/export"):  # fmt: skip
            self._right(what, recording=1)
        self._right("POST /recordings/{recording}/notes", recording=1, body={"at": 0, "text": "x"})
        self._right("DELETE /recordings/{recording}/notes/{note}", recording=1, note=1)
        self._right("GET /prompts/{prompt}/sound", prompt=1)
        self.right["GET /api/v1/prompts/spoken"] = lambda: {"query": {"text": "x"}}
        self._right("DELETE /prompts/{prompt}", prompt=2)
        self.right["POST /api/v1/prompts"] = lambda: {
            "body": {"name": "another", "file": sound}, "media_type": "multipart/form-data",
        }  # fmt: skip

    def _second_factor(self) -> None:
        self.house.add("fay", Role.AGENT)  # the only administrator is taken away by nobody
        self.fay = Person(self.house, "fay")
        self.fay.get(_CODE)  # and the token against forged requests with it
        self.right[f"POST /api/v1{_CODE}"] = lambda: self._off() or {}
        self.right[f"POST /api/v1{_CODE}/confirm"] = lambda: {"body": {"code": self._begun()}}
        for what in ("recovery-codes", "remove"):
            self.right[f"POST /api/v1{_CODE}/{what}"] = lambda: {"body": {"code": self._on()}}

    def _off(self) -> None:
        if self.fay.get(_CODE)["on"]:
            self.house.appliance.office.people.factors.remove("fay")

    def _begun(self) -> str:
        """The code of one that is to be confirmed."""
        self._off()
        self.house.clock.advance(60)  # a code counts once
        secret = self.fay.do("POST", _CODE, status=201)["secret"].replace(" ", "")
        return code_at(secret, self.house.clock.now())

    def _on(self) -> str:
        """A recovery code of one that is on."""
        codes = self.fay.do("POST", f"{_CODE}/confirm", {"code": self._begun()})["recovery_codes"]
        return str(codes[0])

    def _right(self, what: str, body: object = None, **path: object) -> None:
        verb, _, address = what.partition(" ")
        case: Case = {"path_parameters": path, **({} if body is None else {"body": body})}
        self.right[f"{verb} /api/v1{address}"] = lambda: case

    def shown(self, path: str) -> Case:
        """Who asks there: with which headers, and in which browser."""
        headers = {"If-Match": "*"}
        if _CODE in path:
            return {
                "headers": {**headers, "X-CSRF-Token": self.fay._token},
                "session": self.fay._client,
            }
        key = self.visitor.begun["key"] if "/chat" in path else self.key
        return {"headers": {**headers, "Authorization": f"Bearer {key}"}}


@contextmanager
def furnished(house: House, folder: Path) -> Iterator[FuzzHouse]:
    """With telephones that can call out, and a voice that always says the same."""
    telephony = replace(house.settings.telephony, outbound="carrier", allowed_prefixes=("0",))
    chat = replace(house.settings.chat, commands_a_second=10_000)
    house.change_settings(chat=chat, telephony=telephony)
    house.signed_in()
    admin = Person(house, "admin")
    queue = admin.do("POST", "/queues", {"name": "sales"}, 201)["id"]
    scopes = sorted(PERMISSIONS[Role.ADMINISTRATOR])
    key = admin.do("POST", "/api-keys", {"name": "fuzz", "scopes": scopes}, 201)["key"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Tree, "about", {"version": "22"})
        said = folder / "said.wav"
        said.write_bytes(tone(8000, 1.0))
        voice = ["sh", "-c", f"cat '{said}'", "sh"]
        patched.setattr(Tree, "speech", lambda _self: voice)
        patched.setattr(SignedIn, "_one", lambda _self, _name: True)
        made = FuzzHouse(house, admin, key, queue)
        made.furnish(folder)
        yield made
