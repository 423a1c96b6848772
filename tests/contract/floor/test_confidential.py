"""Values of confidential fields: sealed, the same on each database."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from appliance.domain.confidential import MASK, Given
from appliance.domain.contact import Identity
from appliance.domain.custom_fields import CustomField, Subject
from appliance.domain.work import UnknownError
from appliance.services.describe import describe_contact, describe_conversation
from appliance.services.show_confidential import show_confidential
from appliance.store.confidential import ConfidentialRow
from appliance.store.floor_models import ContactRow, EventRow
from appliance.store.live import LiveEventRow
from appliance.store.sealed import keys_in_use, seal_again
from common.errors import RefusedError
from tests.contract.floor.house import House

CARD = "110101199003077774"


@pytest.fixture
def known(house: House) -> House:
    """A call centre that asks for identity cards."""
    for subject in Subject:
        field = CustomField(0, subject, "card", {"en": "Card"}, confidential=True)
        house.floor.write(lambda work, field=field: work.fields.save(field))
    return house


def shown(house: House, subject: Subject, owner: int) -> object:
    return house.floor.read(lambda work: show_confidential(work, subject, owner, "card"))


def test_a_value_is_nowhere_but_sealed_and_is_shown_when_asked_for(known: House):
    one, anna = known.come().conversation, known.agents[0]
    known.do(describe_contact, one.contact, anna, fields={"card": CARD})
    changed = known.do(describe_conversation, one.id, anna, fields={"card": CARD})
    assert changed.fields == {"card": MASK}
    assert shown(known, Subject.CONTACT, one.contact) == CARD
    assert shown(known, Subject.CONVERSATION, one.id) == CARD
    with known.database.read() as session:
        for table in (ContactRow, EventRow, LiveEventRow, ConfidentialRow):
            for row in session.execute(select(*table.__table__.columns)):
                assert CARD not in str(row), table
        told = [one.data["fields"] for one in session.scalars(
            select(EventRow).where(EventRow.kind.in_(["contact.set", "conversation.set"]))
        )]  # fmt: skip
    assert told == [{"card": MASK}] * 2


def test_another_value_replaces_it_and_is_told_and_none_takes_it_away(known: House):
    one, anna = known.come().conversation, known.agents[0]
    for value in (CARD, "2"):
        known.do(describe_contact, one.contact, anna, fields={"card": value})
    assert shown(known, Subject.CONTACT, one.contact) == "2"
    with known.database.read() as session:
        assert (
            len(session.scalars(select(EventRow).where(EventRow.kind == "contact.set")).all()) == 2
        )
    known.do(describe_contact, one.contact, anna, fields={"card": None})
    with pytest.raises(UnknownError):
        shown(known, Subject.CONTACT, one.contact)


def test_whose_a_value_is_is_known_and_goes_along_when_contacts_are_one(known: House):
    anna, bo = known.agents[:2]
    number, address = Identity("number", "+49301234567"), Identity("address", "li@example.org")
    first = known.come(identities=[number]).conversation.contact
    second = known.come(identities=[address]).conversation.contact
    whose = lambda contact: known.floor.read(  # noqa: E731
        lambda work: work.confidential.given(Subject.CONTACT, contact)
    )
    assert whose(second) == {}
    known.do(describe_contact, second, anna, fields={"card": CARD})
    before = known.clock.now()
    known.clock.advance(60)
    known.do(describe_contact, second, bo, fields={"card": "2"})
    assert whose(second) == {"card": Given(known.clock.now(), bo)}
    assert before != known.clock.now()
    known.clock.advance(60)
    known.come(identities=[number, address])
    assert [one.by for one in whose(first).values()] == [bo]
    assert whose(first)["card"].at < known.clock.now()


def test_a_contact_who_turns_out_to_be_another_brings_the_value_along(known: House):
    anna, number = known.agents[0], Identity("number", "+4930123456", sure=True)
    address = Identity("address", "li@example.org", sure=True)
    first = known.come(identities=[number]).conversation.contact
    second = known.come(identities=[address]).conversation.contact
    known.do(describe_contact, second, anna, fields={"card": CARD})
    one = known.come(identities=[number, address]).conversation.contact
    assert one == first
    assert shown(known, Subject.CONTACT, first) == CARD
    assert shown(known, Subject.CONTACT, second) == CARD, "the old number leads to the same person"
    with known.database.read() as session:
        assert [row.owner for row in session.scalars(select(ConfidentialRow))] == [first]


def test_a_rotated_key_seals_it_again(known: House):
    one, anna = known.come().conversation, known.agents[0]
    known.do(describe_contact, one.contact, anna, fields={"card": CARD})
    new = known.vault.add_key()
    assert sum(seal_again(known.database, known.vault)) == 1
    assert keys_in_use(known.database) == {new: 1}
    known.vault.forget_all_but({new})
    assert shown(known, Subject.CONTACT, one.contact) == CARD


def test_a_value_that_somebody_moves_to_another_contact_does_not_open(known: House):
    anna = known.agents[0]
    one, other = known.come("one").conversation, known.come("other").conversation
    known.do(describe_contact, one.contact, anna, fields={"card": CARD})
    with known.database.write() as session:
        session.execute(update(ConfidentialRow).values(owner=other.contact))
    with pytest.raises(RefusedError):
        shown(known, Subject.CONTACT, other.contact)
