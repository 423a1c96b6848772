"""Several contacts turn out to be one."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain.work import Work


def one_person(work: Work, into: int, same: Sequence[int], who: str) -> None:
    """All that is known of ``same``, and was said with them, is of the contact ``into``."""
    work.merge_contacts(into, same)
    work.confidential.merge(into, same)
    work.tell("contact.merged", who=who, data={"into": into, "same": list(same)})
