from __future__ import annotations

from comm_server import histogram
from comm_server.housekeeping import tidy
from common.feed.events import append
from tests.support.site import crash


def insert_raw(site, state, bundle=None):
    return site.store.write(
        lambda c: (
            c.execute(
                "INSERT INTO raw (received_at, kind, dsn, encoding, body, state, bundle) "
                "VALUES ('t', 'sentry', ?, '', x'00', ?, ?)",
                (dsn(c), state, bundle),
            ).lastrowid
        )
    )


def dsn(connection):
    connection.execute(
        "INSERT INTO dsns (id, key, program, machine, made_at) VALUES (1, 'k', 'p', 'm', 't') "
        "ON CONFLICT DO NOTHING"
    )
    return 1


def left(site):
    return [row["id"] for row in site.store.rows("SELECT id FROM raw ORDER BY id")]


def sweep(site):
    tidy(site.store, site.parts.settings.current, site.clock)


def test_digested_rows_go_and_what_still_waits_stays(site):
    insert_raw(site, "digested")
    waiting, poison = insert_raw(site, "new"), insert_raw(site, "quarantined")
    newest = insert_raw(site, "digested")
    sweep(site)
    assert left(site) == [waiting, poison, newest]


def test_a_number_is_never_given_twice_because_home_knows_reports_by_it(site):
    newest = insert_raw(site, "digested")
    sweep(site)
    assert insert_raw(site, "digested") == newest + 1


def test_quarantined_rows_stay_until_their_bundle_is_delivered(site):
    site.store.execute(
        "INSERT INTO bundles (sequence, reason, created_at, sha256, message_id, size, summary, "
        "next_try_at, state) VALUES (1, 'alive', 't', 's', 'm', 1, '{}', 't', 'sent')"
    )
    poison = insert_raw(site, "quarantined", bundle=1)
    insert_raw(site, "new")
    sweep(site)
    assert poison in left(site)
    site.store.execute("UPDATE bundles SET state = 'delivered'")
    sweep(site)
    assert poison not in left(site)


def test_old_events_and_used_up_codes_go(site):
    site.parts.fleet.keep_invitation("0" * 64)
    site.store.write(lambda c: append(c, "updates", "release", {}, at=site.clock.now()))
    sweep(site)
    assert site.store.value("SELECT count(*) FROM invitations") == 1
    site.clock.sleep(8 * 86400)
    sweep(site)
    assert site.store.value("SELECT count(*) FROM invitations") == 0
    assert site.store.value("SELECT count(*) FROM feed_events") == 0


def test_hours_go_after_their_days_and_the_counts_stay(site):
    site.report(crash(1))
    site.clock.sleep(15 * 86400)
    site.report(crash(2))
    sweep(site)
    assert [count for _, count in histogram.hours(site.store, 1)] == [1]
    assert site.store.value("SELECT count FROM problems") == 2


def test_of_reports_that_went_home_only_so_many_ids_are_remembered(site, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_COMM_INTAKE_KEEP_IDS", "1000")
    site.parts.settings.reload()

    def storm(connection):
        dsn(connection)
        connection.execute(
            "INSERT INTO problems (fingerprint, grouper, program, type, title, place, level, "
            "first_seen, last_seen, since_release, parts) "
            "VALUES ('f', 'v1', 'p', 't', 't', '', 'error', 't', 't', '', '[]')"
        )
        rows = [(str(n), None if n else "{}") for n in range(1500)]
        connection.executemany(
            "INSERT INTO reports (dsn, event_id, problem, received_at, release, machine, event, "
            "copies) VALUES (1, ?, 1, 't', '', 'm', ?, 1)",
            rows,
        )

    site.store.write(storm)
    sweep(site)
    assert site.store.value("SELECT count(*) FROM reports WHERE event IS NULL") == 1000
    assert site.store.value("SELECT count(*) FROM reports WHERE event IS NOT NULL") == 1
    assert site.store.value("SELECT max(CAST(event_id AS INT)) FROM reports") == 1499
