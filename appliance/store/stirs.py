"""Whether time may have to do anything by itself; asked each second, beside the writer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, exists, or_, select

from appliance.domain.conversation import State
from appliance.store.floor_models import ConversationRow, OfferRow
from appliance.store.quick import Line, Quick

_MOMENT = bindparam("now", type_=ConversationRow.closes_at.type)
_STIRS = Quick(
    select(
        or_(
            exists().where(ConversationRow.state == bindparam("queued")),
            exists().where(
                ConversationRow.state == bindparam("wrap_up"), ConversationRow.closes_at <= _MOMENT
            ),
            exists().where(
                ConversationRow.state == bindparam("snoozed"),
                ConversationRow.snoozed_until <= _MOMENT,
            ),
            exists().where(OfferRow.ended == bindparam("rings"), OfferRow.until <= _MOMENT),
        )
    ),
    writes=False,
)
_STATES = {str(one): str(one) for one in (State.QUEUED, State.WRAP_UP, State.SNOOZED)}


def stirs(line: Line, now: datetime) -> bool:
    """Whether anything waits, or the time of anything is over ``now``."""
    return bool(_STIRS.rows(line, {**_STATES, "rings": "", "now": now})[0][0])
