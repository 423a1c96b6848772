"""Reports: figures by interval, queue, channel, agent, away reason; as JSON, CSV, XLSX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.chat import CHANNEL as CHAT
from appliance.api.v1.chat import WEIGHT
from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.report_files import CSV, XLSX, Cell, Sheet, csv_lines, xlsx_parts
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer
from appliance.domain.audit import Audit
from appliance.domain.labels import LabelKind
from appliance.domain.refusals import InvalidError
from appliance.domain.reports.book import Book, Filter
from appliance.domain.reports.periods import Interval, Span, zone_of
from appliance.domain.reports.table import (
    OF_AGENTS,
    OF_AWAYS,
    OF_CONTACTS,
    By,
    Figure,
    Row,
    Table,
    Unit,
    table,
)
from appliance.domain.roles import SEE_REPORTS
from appliance.domain.users import Users
from appliance.domain.work import Floor
from appliance.services.staff import at_once, staff
from common.clock import Clock
from common.web.texts import Texts, current_language

MOST_ROWS = 5000  # in one JSON answer: more than a page shows; a file holds all of them


class Asked(Shape):
    """Which report."""

    first: date = Field(description="The first day.")
    last: date = Field(description="The last day; today counts until now.")
    zone: str = Field("UTC", max_length=64, description="Time zone, such as `Asia/Shanghai`.")
    interval: Interval = Interval.DAY
    by: By = By.ALL
    queue: int | None = Field(
        None, ge=1, le=2**31 - 1, description="This queue alone; by all, queue, channel."
    )  # fmt: skip
    channel: str | None = Field(
        None, max_length=32, description="This channel alone; by all, queue, channel."
    )
    agent: int | None = Field(
        None, ge=1, le=2**31 - 1, description="This agent alone; by agent, reason."
    )  # fmt: skip

    def made(self, book: Book) -> Table:
        """The report."""
        span = Span(self.first, self.last, self.zone, self.interval)
        return table(book, span, self.by, Filter(self.queue, self.channel, self.agent))


class FileKind(StrEnum):
    """Of an export."""

    CSV = "csv"
    XLSX = "xlsx"


class AskedFile(Asked):
    """Which report, and as what."""

    format: FileKind = FileKind.CSV


class FigureShape(Shape):
    """A figure and what it means, in the asker's language."""

    name: str
    unit: str = Field(description="`count`, `seconds`, or `share` (1 is all).")
    title: str
    means: str


class Figures(Shape):
    """All of them."""

    items: list[FigureShape]


class RowShape(Shape):
    """One line; `key` is a queue's or agent's id, a channel or an away reason, null: all."""

    start: datetime
    key: int | str | None
    title: str
    values: dict[str, float | None]


class ReportShape(Shape):
    """A report; `sums` are over the whole time, the last one over everything."""

    figures: list[FigureShape]
    rows: list[RowShape]
    sums: list[RowShape]


class AskedStaff(Shape):
    """For which queue, from which past, under which assumptions."""

    queue: int = Field(ge=1, le=2**31 - 1)
    weeks: int = Field(
        4, ge=1, le=13,
        description="So many weeks before today are looked at; days before the first contact that "
        "came to the queue in them are in no mean.",
    )  # fmt: skip
    zone: str = Field("UTC", max_length=64)
    shrinkage: float = Field(0.3, ge=0, lt=1, description="Share of paid time not at work.")
    most_occupancy: float = Field(0.85, gt=0, le=1, description="Nobody is to work more of it.")


class LoadShape(Shape):
    """An hour of the week, and whom it needs."""

    weekday: int = Field(description="0 is Monday.")
    hour: int
    contacts: float = Field(
        description="Answered in this queue, or left while they waited in it; who overflowed into "
        "another one counts there."
    )
    at_once: float = Field(
        description="Contacts that an agent has at the same time, on average: 1 for calls."
    )
    agents: int
    seats: int = Field(description="People to be planned, shrinkage counted in.")
    service_level: float
    asa: float
    occupancy: float


class StaffShape(Shape):
    """Hours without contacts are left out; without any, `aht` is null."""

    aht: float | None
    items: list[LoadShape]


@dataclass(frozen=True)
class Names:
    """What keys are called."""

    queues: dict[int | str | None, str]
    agents: dict[int | str | None, str]
    reasons: dict[int | str | None, Mapping[str, str]]  # by language

    def title(self, by: By, key: int | str | None, texts: Texts) -> str:
        """Of a row; something that is gone is named by its number."""
        if key is None:
            return texts.t("report.everything")
        if by is By.REASON:
            names = self.reasons.get(key, {})
            not_said = texts.t("report.not_said")
            return names.get(current_language()) or next(iter(names.values()), str(key) or not_said)
        known = {By.QUEUE: self.queues, By.AGENT: self.agents}.get(by, {})
        return known.get(key, str(key))


def reports(
    book: Book, floor: Floor, users: Users, audit: Audit, texts: Texts, clock: Clock
) -> APIBlueprint:
    """The blueprint."""
    blueprint = blueprint_for(
        "reports", "/reports", "Figures by interval, queue, channel, agent; staffing.", users,
        SEE_REPORTS,
    )  # fmt: skip

    def names() -> Names:
        return floor.read(
            lambda work: Names(
                {queue.id: queue.name for queue in work.queues().values()},
                {agent.id: agent.name for agent in work.agents()},
                {one.word: one.names for one in work.labels.all() if one.kind is LabelKind.AWAY},
            )
        )

    @blueprint.get("", summary="A report", responses={"200": ReportShape})
    def report(query: Asked) -> Answer:
        made = query.made(book)
        if len(made.rows) > MOST_ROWS:
            raise InvalidError("report-too-many-rows", rows=len(made.rows), most=MOST_ROWS)
        known = names()

        def shape(row: Row) -> dict[str, object]:
            title = known.title(query.by, row.key, texts)
            return {"start": row.start.isoformat(), "key": row.key, "title": title,
                    "values": row.values}  # fmt: skip

        return jsonify(
            figures=[_figure(one, texts) for one in made.figures],
            rows=[shape(row) for row in made.rows],
            sums=[shape(row) for row in made.sums],
        )

    @blueprint.get("/figures", summary="What every figure means", responses={"200": Figures})
    def every_figure() -> Answer:
        known = {one.name: one for one in (*OF_CONTACTS, *OF_AGENTS, *OF_AWAYS)}
        return jsonify(items=[_figure(one, texts) for one in known.values()])

    @blueprint.get("/export", summary="A report as a file", responses={"200": None})
    def export(query: AskedFile) -> Answer:
        made, known = query.made(book), names()
        what = f"{query.by} {query.first} {query.last}"
        on_record(audit, "report.exported", what)
        # All words are looked up here: the rows are made while they are sent, after the request.
        title = {row.key: known.title(query.by, row.key, texts)
                 for row in (*made.rows, *made.sums)}  # fmt: skip
        head = _head(query.by, made, texts)
        name = f"report-{query.by}-{query.first}-{query.last}.{query.format}"
        lines = _lines(query, made, title, head)
        if query.format is FileKind.CSV:
            return _file(csv_lines(lines), CSV, name)
        meanings: list[list[Cell]] = [
            [_heading(one, texts), texts.t(f"report.unit_{one.unit}"), _means(one, texts)]
            for one in made.figures
        ]
        sheets: list[Sheet] = [
            (texts.t("report.title"), lines), (texts.t("report.definitions"), meanings),
        ]  # fmt: skip
        return _file(xlsx_parts(sheets), XLSX, name)

    @blueprint.get("/staffing", summary="Agents needed by hour of the week",
                   responses={"200": StaffShape})  # fmt: skip
    def staffing(query: AskedStaff) -> Answer:
        queue, agents = floor.read(lambda work: (work.queue(query.queue), work.agents()))
        today = clock.now().astimezone(zone_of(query.zone)).date()
        loads = staff(
            book, query.queue, queue.target, today=today, weeks=query.weeks, zone=query.zone,
            shrinkage=query.shrinkage, most_occupancy=query.most_occupancy,
            together=at_once(queue, agents, {CHAT: WEIGHT}),
        )  # fmt: skip
        return jsonify(
            aht=loads[0].aht if loads else None,
            items=[
                {"weekday": one.weekday, "hour": one.hour, "contacts": one.contacts,
                 "at_once": one.at_once,
                 **{name: getattr(one.needs, name) for name in
                    ("agents", "seats", "service_level", "asa", "occupancy")}}
                for one in loads
            ],
        )  # fmt: skip

    return blueprint


def _title(figure: Figure, texts: Texts) -> str:
    return texts.t(f"report.figure.{figure.name}.name")


def _heading(figure: Figure, texts: Texts) -> str:
    """Of a column in a file, where no clock shows that a number is a time."""
    title = _title(figure, texts)
    return texts.t("report.in_seconds", title=title) if figure.unit is Unit.SECONDS else title


def _means(figure: Figure, texts: Texts) -> str:
    return texts.t(f"report.figure.{figure.name}.means")


def _figure(figure: Figure, texts: Texts) -> dict[str, str]:
    return {
        "name": figure.name, "unit": str(figure.unit), "title": _title(figure, texts),
        "means": _means(figure, texts),
    }  # fmt: skip


def _head(by: By, made: Table, texts: Texts) -> list[Cell]:
    key = [] if by is By.ALL else [texts.t(f"report.{by}")]
    return [texts.t("report.start"), *key, *(_heading(one, texts) for one in made.figures)]


def _lines(
    query: AskedFile, made: Table, title: dict[int | str | None, str], head: list[Cell]
) -> Iterator[list[Cell]]:
    yield head
    by_day = query.interval in {Interval.DAY, Interval.MONTH, Interval.TOTAL}
    named = Counter(f"{start:%F %R}" for start in {row.start for row in made.rows})
    for row in made.rows:
        start = f"{row.start:%F}" if by_day else f"{row.start:%F %R}"
        if named[start] > 1:  # the clocks went back
            start += f" {row.start.isoformat()[19:]}"
        key = [] if query.by is By.ALL else [title[row.key]]
        yield [start, *key, *(_rounded(row.values[one.name]) for one in made.figures)]


def _rounded(value: float | None) -> Cell:
    return value if value is None or isinstance(value, int) else round(value, 3)


def _file(parts: Iterator[str] | Iterator[bytes], kind: str, name: str) -> Response:
    return Response(
        parts, content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"',
                 "Cache-Control": "no-store"},
    )  # fmt: skip
