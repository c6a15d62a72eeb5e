"""JSON Web Tokens (RFC 7519): signature, algorithm, exp, nbf, iss and aud are checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adapter.core.access import JwtRules
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.redact import shortened

LEEWAY_S = 30
"""How far the clocks of two machines may differ."""

_LEAST_RSA_BITS = 2048
_WHERE = "conf/serviceConfig.ini [adapter:auth] jwt_key_file"
_UNNAMED = "a bearer of a token"


@dataclass(frozen=True)
class JwtRefused:
    """A token that is not taken.

    Args:
        reason: Why, without any part of it.
    """

    reason: str


@dataclass
class Jwt:
    """Reads tokens by one set of rules.

    Args:
        rules: What they must satisfy.

    Raises:
        ConfigurationInvalid: The key cannot be used.
    """

    rules: JwtRules
    _key: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._key = _key_of(self.rules)

    def bearer(self, token: str) -> str | JwtRefused:
        """The name of whoever may show this token: its `sub`; or why it is not taken."""
        import jwt  # noqa: PLC0415  only where tokens are configured

        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[self.rules.algorithm],
                issuer=self.rules.issuer,
                audience=self.rules.audience,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.InvalidTokenError as error:
            return JwtRefused(_reason(error))
        except (ValueError, TypeError, RecursionError, OverflowError):
            return JwtRefused("it cannot be read")
        return shortened(str(claims.get("sub") or _UNNAMED))


def _key_of(rules: JwtRules) -> Any:
    from jwt import get_algorithm_by_name  # noqa: PLC0415  as above

    try:
        key: Any = get_algorithm_by_name(rules.algorithm).prepare_key(rules.key.reveal())
    except Exception:  # noqa: BLE001  whatever the library says of a key may show a part of it
        raise _unfit("this file has no such key", f"a key for {rules.algorithm}") from None
    if getattr(key, "key_size", _LEAST_RSA_BITS) < _LEAST_RSA_BITS:
        raise _unfit(f"the key has {key.key_size} bits", f"{_LEAST_RSA_BITS} bits or more")
    return key


def _unfit(reason: str, expected: str) -> ConfigurationInvalid:
    problem = Problem(_WHERE, reason, expected)
    return ConfigurationInvalid(str(problem), (problem,))


def _reason(error: Exception) -> str:
    """Why a token is refused: words of ours, since those of the library may quote it."""
    import jwt  # noqa: PLC0415  as above

    reasons = (
        (jwt.ExpiredSignatureError, "it has expired (exp)"),
        (jwt.ImmatureSignatureError, "it is not valid yet (nbf or iat)"),
        (jwt.InvalidIssuerError, "it is of another issuer (iss)"),
        (jwt.InvalidAudienceError, "it is meant for another audience (aud)"),
        (jwt.MissingRequiredClaimError, "exp, iss or aud is missing"),
        (jwt.InvalidAlgorithmError, "it is signed by another algorithm (alg)"),
        (jwt.InvalidSignatureError, "its signature is wrong"),
    )
    return next((words for kind, words in reasons if isinstance(error, kind)), "it cannot be read")
