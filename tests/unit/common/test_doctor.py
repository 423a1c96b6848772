"""The checks that rooms share."""

from __future__ import annotations

import socket

from common import doctor
from common.doctor import port_check


def test_a_program_that_takes_connections_and_says_nothing_is_taken_for_one_that_hangs(monkeypatch):
    monkeypatch.setattr(doctor, "_SHAKE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as held:  # the kernel takes them, nobody else
        port = held.getsockname()[1]
        asked = port_check("appliance: port", "127.0.0.1", port, "appliance.port", tls=True).run()
        assert not asked.ok
        assert "takes connections and does not answer" in asked.found
        assert "hangs" in asked.advice
        assert port_check("home: mail port", "127.0.0.1", port, "home.mail.port").run().ok
    assert "nothing answers" in port_check("port", "127.0.0.1", port, "port", tls=True).run().found
