"""JSON for scripts, opened by the token in ``<home data>/api-token``.

Every answer is an object; a list stands under ``items``. Times are stamps in UTC.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from home import fleet
from home.console.context import Context
from home.console.problem_pages import page_number
from home.inbox import bundles, chain, problems, refused, reports
from home.sites import list_sites, silent_sites

_PER_PAGE = 500


def api_blueprint(context: Context) -> Blueprint:
    """Problems (one by its number), bundles, receipts and sites under ``/api``."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    store = context.store

    @blueprint.before_request
    def only_with_token() -> tuple[Response, int] | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), context.token.encode()):
            return None
        sentence = "Send the token in the home's file api-token as `Authorization: Bearer TOKEN`."
        return jsonify(error="unauthorized", message=sentence), 401

    @blueprint.get("/problems")
    def all_problems() -> Response:
        narrowed = problems.Filter(
            search=_argument("search"),
            program=_argument("program"),
            site=_argument("site"),
            status=_argument("status"),
            release=_argument("release"),
            sort=_argument("sort"),
        )
        page = page_number(_argument("page"))
        return jsonify(
            items=problems.list_problems(store, narrowed, _PER_PAGE, page * _PER_PAGE),
            total=problems.how_many(store, narrowed),
        )

    @blueprint.get("/problems/<int:number>")
    def one_problem(number: int) -> tuple[Response, int] | Response:
        found = problems.problem(store, number)
        if found is None:
            return jsonify(error="unknown", message="There is no such problem."), 404
        return jsonify(problem=found, reports=reports.samples(store, found["id"]))

    @blueprint.get("/bundles")
    def all_bundles() -> Response:
        site = _argument("site")
        return jsonify(
            items=bundles.list_bundles(store, site),
            gaps=[{**asdict(gap), "sentence": gap.sentence} for gap in chain.gaps(store, site)],
            refused=refused.list_refused(store),
        )

    @blueprint.get("/receipts")
    def all_receipts() -> Response:
        found = fleet.receipts(
            store,
            product=_argument("product"),
            version=_argument("version"),
            site=_argument("site"),
        )
        return jsonify(items=found, refusals=fleet.refusals(store, _argument("site")))

    @blueprint.get("/sites")
    def all_sites() -> Response:
        silent = {
            row["id"] for row in silent_sites(store, context.clock, context.inbox().silent_after)
        }
        return jsonify(
            items=[
                {
                    **site,
                    "silent": site["id"] in silent,
                    "alarms": fleet.alarms(store, site["id"]),
                    "clients": [_client(row) for row in fleet.clients(store, site["id"])],
                }
                for site in list_sites(store)
            ]
        )

    return blueprint


def _argument(name: str) -> str:
    return request.args.get(name, "")


def _client(row: dict[str, Any]) -> dict[str, Any]:
    return {**row["facts"], "client": row["client"], "name": row["name"]}
