"""A confidential value is shown to somebody who may see it."""

from __future__ import annotations

from appliance.domain.custom_fields import Subject, Value
from appliance.domain.work import Work


def show_confidential(work: Work, subject: Subject, owner: int, key: str) -> Value:
    """The value of a contact's or conversation's field ``key``. Raises UnknownError."""
    if subject is Subject.CONTACT:
        owner = work.desk.contact(owner).id  # may have turned out to be another one
    else:
        work.conversation(owner)
    return work.confidential.show(subject, owner, key)
