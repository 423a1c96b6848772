"""An administrator keeps what agents fill in and choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.domain.catalogue import Kept, One
from appliance.domain.custom_fields import MOST_FIELDS, CustomField
from appliance.domain.labels import MOST_LABELS, Label
from appliance.domain.names import WrongInputError
from appliance.domain.work import Work


def save_field(work: Work, field: CustomField, who: str) -> CustomField:
    """Keep it; a new one comes last. Raises WrongInputError, UnknownError."""
    others = [one for one in work.fields.all() if one.subject is field.subject]
    if any(one.key == field.key and one.id != field.id for one in others):
        raise WrongInputError("field-key-taken", "key", key=field.key)
    kept = work.fields.save(_fitting(others, field, MOST_FIELDS))
    work.tell("field.set", who=who, data={"id": kept.id, "subject": str(kept.subject)})
    return kept


def save_label(work: Work, label: Label, who: str) -> Label:
    """Keep it; a new one comes last. Raises WrongInputError, UnknownError."""
    for queue in label.queues:
        work.queue(queue)
    others = [one for one in work.labels.all() if one.kind is label.kind]
    if any(one.word == label.word and one.id != label.id for one in others):
        raise WrongInputError("label-taken", "word", label=str(label.kind), word=label.word)
    kept = work.labels.save(_fitting(others, label, MOST_LABELS))
    work.tell("label.set", who=who, data={"id": kept.id, "kind": str(kept.kind)})
    return kept


def order_fields(work: Work, ids: Sequence[int], who: str) -> None:
    """They stand in this order from now on. Raises UnknownError."""
    _order(work.fields, ids)
    work.tell("field.set", who=who, data={"id": 0, "subject": ""})


def order_labels(work: Work, ids: Sequence[int], who: str) -> None:
    """They stand in this order from now on. Raises UnknownError."""
    _order(work.labels, ids)
    work.tell("label.set", who=who, data={"id": 0, "kind": ""})


def _order(kept: Kept[One], ids: Sequence[int]) -> None:
    for position, number in enumerate(ids, 1):
        kept.save(replace(kept.one(number), position=position))


def _fitting(others: Sequence[One], wanted: One, most: int) -> One:
    before = next((one for one in others if one.id == wanted.id), None)
    in_use = sum(not one.retired for one in others if one.id != wanted.id)
    if not wanted.retired and in_use >= most:
        raise WrongInputError("too-many-in-use", "retired", most=most)
    if before is None:
        return replace(wanted, position=max((one.position for one in others), default=0) + 1)
    return wanted
