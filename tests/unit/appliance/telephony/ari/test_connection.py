"""The connection to the switch, against a switch that is a WebSocket and nothing else."""

from __future__ import annotations

import json
import queue
import threading
from contextlib import contextmanager

from websockets.sync.server import serve

from appliance.telephony.ari.connection import AriConnection


@contextmanager
def connected(handler):
    """What happens to a connection whose requests are granted, and of which ``handler`` gets the
    first one with its number."""
    numbers, told = iter(range(1, 100)), queue.Queue()

    def talk(connection):
        asked = json.loads(connection.recv())
        answer = {"type": "RESTResponse", "request_id": asked["request_id"], "status_code": 200,
                  "uri": asked["uri"]}  # fmt: skip
        connection.send(json.dumps(answer))
        handler(next(numbers), connection, json.loads(asked["message_body"]))
        for _ in connection:
            pass

    with serve(talk, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        ari = AriConnection(
            server.socket.getsockname()[1], "-", 5.0, ("StasisStart",), told.put,
            lambda: told.put("up"), lambda: told.put("down"),
        )  # fmt: skip
        ari.start()
        try:
            yield told
        finally:
            ari.stop()
            server.shutdown()
            thread.join(10)


def test_one_to_which_no_more_is_told_since_another_took_its_place_is_given_up_for_a_new_one():
    allowed = []

    def handler(number, connection, wanted):
        allowed.append({one["type"] for one in wanted["allowed"]})
        kind = "ApplicationReplaced" if number == 1 else "StasisStart"
        connection.send(json.dumps({"type": kind}))

    with connected(handler) as told:
        heard = [told.get(timeout=30) for _ in range(4)]
    assert heard == ["up", "down", "up", {"type": "StasisStart"}]
    assert {"RESTResponse", "StasisStart", "ApplicationReplaced"} <= allowed[0]
