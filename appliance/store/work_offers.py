"""Offers in a transaction: a part of `appliance.store.work.SqlWork`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from appliance.domain.records import Offer, OfferEnd
from appliance.store.floor_models import OfferRow
from appliance.store.in_transaction import InTransaction
from appliance.store.quick import Quick

_RINGS = OfferRow.ended == ""
_COLUMNS = (OfferRow.id, OfferRow.conversation, OfferRow.agent, OfferRow.made_at, OfferRow.until,
            OfferRow.why)  # fmt: skip
_TYPES = [column.type for column in _COLUMNS]
_ADD = Quick(
    insert(OfferRow).returning(OfferRow.id),
    writes=True,
    columns=["conversation", "agent", "made_at", "until", "why", "ended"],
)
_OF = Quick(
    select(*_COLUMNS).where(OfferRow.conversation == bindparam("conversation"), _RINGS),
    _TYPES,
    writes=False,
)
_UNTIL = Quick(
    select(*_COLUMNS)
    .where(_RINGS, OfferRow.until <= bindparam("moment", type_=OfferRow.until.type))
    .order_by(OfferRow.until, OfferRow.id),
    _TYPES,
    writes=False,
)
_CLOSE = Quick(
    update(OfferRow).where(OfferRow.id == bindparam("offer")), writes=True, columns=["ended"]
)


class Offers(InTransaction):
    """See `appliance.domain.work.Work`."""

    def add_offer(
        self, conversation: int, agent: int, until: datetime, why: Mapping[str, object]
    ) -> Offer:
        """Keep a new offer."""
        values = {
            "conversation": conversation, "agent": agent, "made_at": self._now, "until": until,
            "why": dict(why),
        }  # fmt: skip
        number: int = _ADD.rows(self._line, {**values, "ended": ""})[0][0]
        return Offer(number, conversation, agent, self._now, until, why)

    def ringing(self, conversation: int) -> Offer | None:
        """The offer of a conversation that has not ended."""
        found = _OF.rows(self._line, {"conversation": conversation})
        return Offer(*found[0]) if found else None

    def ringing_until(self, moment: datetime) -> Sequence[Offer]:
        """Offers that have not ended, whose time is over at ``moment``."""
        return [Offer(*row) for row in _UNTIL.rows(self._line, {"moment": moment})]

    def end_offer(self, offer: int, end: OfferEnd) -> None:
        """It rings no more."""
        _CLOSE.run(self._line, {"offer": offer, "ended": str(end)})
