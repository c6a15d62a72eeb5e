"""Who may change deliveries: whoever can read var/operator.token, on this machine too."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from flask import Request, g

from adapter.core.access import Area
from adapter.core.errors import AdapterError
from adapter.core.redact import Secret

CHALLENGE = 'Bearer realm="sasbiws operator"'
_SCHEME = "bearer"


class OperatorTokenWrong(AdapterError):
    """A verb of an operator came without the operator token, or with a wrong one."""

    code = "OPERATOR_TOKEN_WRONG"
    remedy = (
        "Send the header Authorization: Bearer and the text of var/operator.token, "
        "which only the adapter's own user can read; or use sasbiws deliveries."
    )


@dataclass(frozen=True)
class Doorman:
    """Lets operators in.

    Args:
        token: What they must show.
    """

    token: Secret

    def check(self, request: Request) -> None:
        """Nothing, where the request carries the token, or is that of a known operator.

        Raises:
            OperatorTokenWrong: It does not.
        """
        caller = g.get("caller")
        if caller is not None and Area.OPERATOR in caller.areas:
            return
        scheme, _, shown = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != _SCHEME:
            raise OperatorTokenWrong("the operator token is missing")
        told = shown.strip().encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(told, self.token.reveal().encode()):
            raise OperatorTokenWrong("the operator token is wrong")
