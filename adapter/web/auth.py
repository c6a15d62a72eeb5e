"""Who calls, and may they: the one place that lets a request in."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from flask import Request

from adapter.core.access import Access, Area, Caller, Method, Schemes, schemes_of, within
from adapter.core.redact import Secret
from adapter.web.auth_jwt import Jwt, JwtRefused
from adapter.web.auth_proof import Passwords, is_token
from adapter.web.pace import Failures, Pace
from adapter.web.peer import Hosts, Peer, peer_of
from adapter.web.refusals import (
    AddressRefused,
    AuthenticationFailed,
    AuthenticationRequired,
    CallerNotAllowed,
    CallerNotLocal,
    Refusal,
    TooManyFailures,
)
from adapter.web.token import CHALLENGE

OPERATOR = "operator token"


class Door(StrEnum):
    """What stands behind an address, and so who may reach it."""

    OPEN = "open"
    """Health and addresses that are not there: everybody."""
    WEBHOOK = "webhook"
    """Tasks: callers of the webhook."""
    RESULT = "result"
    """One delivery, by its id: callers of the webhook, and operators."""
    LOOK = "look"
    """All deliveries: operators; on this machine anybody, until callers are configured."""
    VERB = "verb"
    """What changes or gives away anything: operators, on this machine too."""


AREA = {
    Door.WEBHOOK: Area.WEBHOOK,
    Door.RESULT: Area.WEBHOOK,
    Door.LOOK: Area.OPERATOR,
    Door.VERB: Area.OPERATOR,
}


@dataclass(frozen=True)
class Identity:
    """Who made a request.

    Args:
        name: Of the caller; empty for one that proved nothing.
        areas: What it may reach.
        peer: Where it calls from.
    """

    name: str
    areas: frozenset[Area]
    peer: Peer


@dataclass(frozen=True)
class _Wrong:
    """Something was shown that proves nothing."""

    reason: str = "the credentials are not known"


@dataclass
class Reception:
    """Lets callers in.

    Args:
        access: The rules.
        callers: Those of conf/auth.ini as it is now.
        operator_token: Always opens the operator's doors.
        hosts: Names of this adapter.
        monotonic: Seconds that only go forward.

    Raises:
        ConfigurationInvalid: The key of JSON Web Tokens cannot be used.
    """

    access: Access
    callers: Callable[[], tuple[Caller, ...]]
    operator_token: Secret
    hosts: Hosts
    monotonic: Callable[[], float]
    _passwords: Passwords = field(init=False)
    _failures: Failures = field(init=False)
    _paces: dict[Area, Pace] = field(init=False)
    _jwt: Jwt | None = field(init=False)
    _seen: tuple[tuple[Caller, ...], Schemes] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._passwords = Passwords(self.monotonic)
        self._failures = Failures(self.monotonic)
        self.follow(self.access)

    def follow(self, access: Access) -> None:
        """From now on these rules hold; where they cannot, the former ones stay.

        Raises:
            ConfigurationInvalid: The key of JSON Web Tokens cannot be used.
        """
        self._jwt = Jwt(access.jwt) if access.jwt else None
        self._paces = {
            Area.WEBHOOK: Pace(access.webhook_rate, self.monotonic),
            Area.OPERATOR: Pace(access.operator_rate, self.monotonic),
        }
        self.hosts = replace(self.hosts, named=access.hosts)
        self.access, self._seen = access, None

    @property
    def schemes(self) -> Schemes:
        """The ways to authenticate that are configured now, by area."""
        callers, seen = self.callers(), self._seen
        if seen is None or seen[0] is not callers:
            seen = self._seen = (callers, schemes_of(self.access, callers))
        return seen[1]

    def admit(self, request: Request, door: Door) -> Identity:
        """Who makes this request, if they may; a verb is checked once more at its own door.

        Raises:
            Refusal: They may not.
        """
        peer = peer_of(request, self.access)
        if door is Door.OPEN:
            return Identity("", frozenset(), peer)
        self._check_source(peer, door)
        known = self._known(request, peer)
        identity = self._decide(known, peer, door)
        if door is not Door.RESULT:
            self._paces[AREA[door]].check(identity.name or str(peer))
        return identity

    def _check_source(self, peer: Peer, door: Door) -> None:
        """Nothing, where the address may call."""
        areas = tuple(Area) if door is Door.RESULT else (AREA[door],)
        lists = [self.access.sources(area) for area in areas]
        if all(lists) and not any(within(peer.address, networks) for networks in lists):
            raise AddressRefused(f"calls from {peer} are not taken here")

    def _decide(self, known: Identity | _Wrong | None, peer: Peer, door: Door) -> Identity:
        schemes = self.schemes
        ways = schemes.webhook if door is Door.WEBHOOK else (*schemes.webhook, *schemes.operator)
        allowed = tuple(Area) if door is Door.RESULT else (AREA[door],)
        if isinstance(known, Identity) and known.areas.intersection(allowed):
            return known
        if isinstance(known, _Wrong) and ways:
            self._fail(known, peer, door)
        open_to_all = schemes.anonymous and door in {Door.WEBHOOK, Door.RESULT}
        if door is Door.VERB or open_to_all or (peer.local and not ways):
            return Identity("", frozenset(), peer)
        if isinstance(known, Identity):
            raise CallerNotAllowed(f"{known.name} may not reach this address")
        raise self._stranger(door)

    def _stranger(self, door: Door) -> Refusal:
        """What a caller without credentials is told."""
        challenges = self._challenges(door)
        if not challenges:
            return CallerNotLocal("calls from other machines must prove who they are")
        return AuthenticationRequired("credentials are missing", challenges=challenges)

    def _fail(self, wrong: _Wrong, peer: Peer, door: Door) -> None:
        """Count it and refuse it; a verb's own door tells of a wrong operator token.

        Raises:
            AuthenticationFailed, TooManyFailures: According to how often it happened.
        """
        retry_after_s = self._failures.failed(str(peer))
        if retry_after_s:
            raise TooManyFailures(
                "credentials from this address were wrong too often", retry_after_s=retry_after_s
            )
        if door is not Door.VERB:
            raise AuthenticationFailed(wrong.reason, challenges=self._challenges(door))

    def _challenges(self, door: Door) -> tuple[str, ...]:
        schemes = self.schemes
        areas = tuple(Area) if door is Door.RESULT else (AREA[door],)
        found = [scheme.challenge for area in areas for scheme in schemes.of(area)]
        if door is Door.LOOK:
            found.append(CHALLENGE)
        return tuple(dict.fromkeys(found))

    def _known(self, request: Request, peer: Peer) -> Identity | _Wrong | None:
        """Who shows what the adapter knows; None where nothing is shown."""
        key = request.headers.get(self.access.api_key_header, "").strip()
        scheme, _, shown = request.headers.get("Authorization", "").strip().partition(" ")
        found: Identity | _Wrong | None = None
        if key:
            found = self._by_token(key, Method.API_KEY, peer)
        if isinstance(found, Identity) or not scheme:
            return found
        match scheme.lower():
            case "basic":
                return self._by_password(shown.strip(), peer)
            case "bearer":
                return self._by_bearer(shown.strip(), peer)
            case _:
                return _Wrong("Authorization has a scheme that is not taken here")

    def _by_bearer(self, token: str, peer: Peer) -> Identity | _Wrong:
        own = self.operator_token.reveal()
        if hmac.compare_digest(token.encode("utf-8", "surrogatepass"), own.encode()):
            return Identity(OPERATOR, frozenset((Area.OPERATOR,)), peer)
        found = self._by_token(token, Method.BEARER, peer)
        if isinstance(found, Identity) or self._jwt is None or token.count(".") != 2:  # noqa: PLR2004  a JWT has three parts
            return found
        bearer = self._jwt.bearer(token)
        if isinstance(bearer, JwtRefused):
            return _Wrong(f"the token is not taken: {bearer.reason}")
        return Identity(bearer, self._jwt.rules.areas, peer)

    def _by_token(self, token: str, method: Method, peer: Peer) -> Identity | _Wrong:
        found: Identity | _Wrong = _Wrong()
        for caller in self.callers():  # all of them, so that time tells nothing
            if caller.method is method and is_token(caller, token):
                found = Identity(caller.name, caller.areas, peer)
        return found

    def _by_password(self, encoded: str, peer: Peer) -> Identity | _Wrong:
        user, password = _user_and_password(encoded)
        named = [each for each in self.callers() if each.method is Method.BASIC]
        if not named:
            return _Wrong()
        caller = next((each for each in named if each.name == user), None)
        suspect = self._failures.often(str(peer))
        if self._passwords.right(caller, password, suspect=suspect) and caller:
            return Identity(caller.name, caller.areas, peer)
        return _Wrong("the user or the password is wrong")


def _user_and_password(encoded: str) -> tuple[str, str]:
    """What a Basic header says; two empty texts where it cannot be read (RFC 7617)."""
    try:
        raw = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "", ""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    user, _, password = text.partition(":")
    return user, password
