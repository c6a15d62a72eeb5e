"""The operator's verbs over HTTP; what changes or gives away anything needs the token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request

from adapter.core.delivery import Filter
from adapter.core.errors import CountChanged, RequestInvalid
from adapter.core.verb import Verb, meant_by
from adapter.operate import Operate
from adapter.survey import Survey
from adapter.web import asked, told
from adapter.web.answers import Json, json_response
from adapter.web.token import Doorman

HELD_WITHOUT_A_WORD = "held by an operator"


@dataclass(frozen=True)
class Operating:
    """The endpoints below /deliveries and /holds."""

    operate: Operate
    survey: Survey
    doorman: Doorman

    def add_to(self, app: Flask) -> None:
        """From now on the application answers to operators."""
        get, post = app.get, self._guarded(app.post)
        get("/deliveries")(self.list)
        get("/holds")(self.holds)
        self._guarded(get)("/deliveries/export")(self.export)
        post("/deliveries/<delivery_id>/retry")(self.retry)
        post("/deliveries/<delivery_id>/discard")(self.discard)
        post("/deliveries/<delivery_id>/cancel")(self.cancel)
        post("/deliveries/retry")(self.retry_all)
        post("/deliveries/discard")(self.discard_all)
        post("/deliveries/cancel")(self.cancel_all)
        post("/deliveries/purge")(self.purge)
        post("/holds")(self.hold)
        post("/holds/release")(self.release)

    def list(self) -> Response:
        """Deliveries, newest first, and how it stands with all of them."""
        query = asked.query_of(request, (*asked.FILTERS, "limit", "offset"))
        limit = asked.number_of(query, "limit", asked.DEFAULT_LIMIT, asked.MAX_LIMIT)
        offset = asked.number_of(query, "offset", 0, asked.MAX_OFFSET)
        wanted = self._filter({name: query[name] for name in query if name in asked.FILTERS})
        matching = sum(self.survey.ledger.count(wanted).values())
        found = self.survey.ledger.find(wanted, limit, offset)
        return json_response(told.list_json(self.survey, found, matching))

    def retry(self, delivery_id: str) -> Response:
        """One delivery, sent again."""
        as_sent = asked.flag_of(asked.body_of(request, ("asSent",)), "asSent")
        retried = self.operate.retry(delivery_id, as_sent=as_sent)
        return json_response(told.retried_json(self.survey, retried))

    def discard(self, delivery_id: str) -> Response:
        """One parked or rejected delivery, never sent again."""
        asked.body_of(request, ())
        self.operate.discard(delivery_id)
        return self._whole(delivery_id)

    def cancel(self, delivery_id: str) -> Response:
        """One waiting delivery, never sent."""
        asked.body_of(request, ())
        self.operate.cancel(delivery_id)
        return self._whole(delivery_id)

    def retry_all(self) -> Response:
        """What became of each that is meant."""
        body = asked.body_of(request, (*asked.FILTERS, "expect", "asSent"))
        as_sent, ids = asked.flag_of(body, "asSent"), self._meant(Verb.RETRY, body)
        return _results(self.operate.retry_all(ids, _tell_nobody, as_sent=as_sent))

    def discard_all(self) -> Response:
        """What became of each that is meant."""
        body = asked.body_of(request, (*asked.FILTERS, "expect"))
        return _results(self.operate.discard_all(self._meant(Verb.DISCARD, body), _tell_nobody))

    def cancel_all(self) -> Response:
        """What became of each that is meant."""
        body = asked.body_of(request, (*asked.FILTERS, "expect"))
        return _results(self.operate.cancel_all(self._meant(Verb.CANCEL, body), _tell_nobody))

    def purge(self) -> Response:
        """How many were deleted."""
        body = asked.body_of(request, (*asked.FILTERS, "expect"))
        wanted = meant_by(Verb.PURGE, self._filter(asked.facts_of(body)))
        _expect(asked.expected_of(body), sum(self.survey.ledger.count(wanted).values()))
        return json_response({"deleted": self.operate.purge(wanted, _tell_nobody)})

    def export(self) -> Response:
        """A line of JSON for each delivery, with payload and document."""
        wanted = self._filter(asked.query_of(request, asked.FILTERS))
        return Response(self._lines(wanted), mimetype="application/x-ndjson")

    def holds(self) -> Response:
        """The holds in force, and the breakers that are open."""
        asked.query_of(request, ())
        overview = told.overview_json(self.survey.overview())
        return json_response({name: overview[name] for name in ("holds", "breakers")})

    def hold(self) -> Response:
        """A hold on the account of a stored process."""
        body = asked.body_of(request, ("storedProcess", "message"))
        name = asked.text_of(body, "storedProcess")
        if not name:
            raise RequestInvalid("storedProcess is missing, expected the name of one")
        message = asked.text_of(body, "message") or HELD_WITHOUT_A_WORD
        return json_response({"held": told.hold_json(self.operate.hold(name, message))})

    def release(self) -> Response:
        """The hold that was lifted."""
        body = asked.body_of(request, ("storedProcess", "account"))
        name, account = asked.text_of(body, "storedProcess"), asked.text_of(body, "account")
        if bool(name) == bool(account):
            raise RequestInvalid("expected either storedProcess or account")
        held = self.operate.release(stored_process=name, account=account)
        return json_response({"released": told.hold_json(held)})

    def _guarded(self, route: Callable[..., Any]) -> Callable[..., Any]:
        """The same as `route`, for views that only operators may reach."""

        def add(rule: str) -> Callable[[Callable[..., Response]], None]:
            return lambda view: route(rule, endpoint=view.__name__)(self._behind_door(view))

        return add

    def _behind_door(self, view: Callable[..., Response]) -> Callable[..., Response]:
        def guarded(**names: str) -> Response:
            self.doorman.check(request)
            return view(**names)

        return guarded

    def _filter(self, facts: asked.Facts) -> Filter:
        return asked.filter_of(facts, self.survey.clock.now())

    def _meant(self, verb: Verb, body: Json) -> tuple[str, ...]:
        """The ids of those that are meant, if they are as many as the caller saw."""
        wanted = meant_by(verb, self._filter(asked.facts_of(body)))
        expected = asked.expected_of(body)
        ids = tuple(delivery.delivery_id for delivery in self.survey.meant(wanted))
        _expect(expected, len(ids))
        return ids

    def _whole(self, delivery_id: str) -> Response:
        return json_response(told.whole_json(self.survey, self.survey.get(delivery_id)))

    def _lines(self, wanted: Filter) -> Iterator[str]:
        # Asked for now: what goes wrong then is still answered as an error.
        found = self.operate.export(wanted)
        return (
            json.dumps(told.exported_json(self.survey, exported), ensure_ascii=False) + "\n"
            for exported in found
        )


def _results(results: tuple[Any, ...]) -> Response:
    return json_response(told.results_json(results))


def _expect(expected: int, found: int) -> None:
    if found != expected:
        raise CountChanged(
            f"{told.meant(found, ' now')}, and {expected} were expected: nothing was changed",
            found,
        )


def _tell_nobody(_: int) -> None:
    """Over HTTP nobody is told how far it is."""
