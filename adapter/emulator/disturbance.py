"""Answers that do not come from SASBIWS: pages of a web server in front, and spoiled answers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from lxml import etree

from adapter.emulator.http_messages import Answer, Sending, text_answer
from adapter.emulator.markup import add
from adapter.emulator.security import CHALLENGE
from adapter.emulator.switches import ConnectionFault, Page, Switches

LOGIN_PATH: Final = "/SASLogon/login"
_HTML: Final = "text/html;charset=UTF-8"
# A gateway that gave up, or a server that failed, may have let the stored process run.
_STATUS_AFTER_RUN: Final = (500, 502, 504)

# Eight levels of eight: 16 million letters for a client that follows them.
_DTD_BOMB: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE answer [
<!ENTITY a "x">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">
<!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;">
<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;">
<!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;">
<!ENTITY i "&h;&h;&h;&h;&h;&h;&h;&h;">
]>
<answer>&i;</answer>
"""


def html_page(status: int) -> Answer:
    """Return the page that a web server has for a status; it happens to be well-formed XML."""
    phrase = f"HTTP Status {status} - {HTTPStatus(status).phrase}"
    body = etree.tostring(_page(phrase, etree.Element("p")), encoding="UTF-8")
    headers = {"WWW-Authenticate": CHALLENGE} if status == HTTPStatus.UNAUTHORIZED else {}
    return Answer(status, body, _HTML, headers)


def login_page() -> Answer:
    """Return the login page with status 200."""
    form = etree.Element("form", {"action": LOGIN_PATH, "method": "post"})
    for name, kind in (("username", "text"), ("password", "password"), ("go", "submit")):
        etree.SubElement(form, "input", {"name": name, "type": kind})
    return _html_200("Sign In to SAS", form)


def in_front(plan: Switches) -> Answer | None:
    """Return the answer that keeps a request from SASBIWS, None if it gets through."""
    if plan.status and plan.status not in _STATUS_AFTER_RUN:
        return _status(plan)
    page = _IN_FRONT.get(plan.page)
    return page() if page else None


def spoiled(answer: Answer, plan: Switches) -> Answer:
    """Return the answer as it leaves after the stored process has run."""
    if plan.status in _STATUS_AFTER_RUN:
        return _status(plan)
    match plan.page:
        case Page.TRUNCATED:
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        case Page.EMPTY | Page.TEXT:
            return _IN_PLACE[plan.page]
        case Page.HUGE:
            return replace(answer, padded_bytes=plan.huge_bytes)
        case Page.DTD_BOMB:
            return replace(answer, status=200, body=_DTD_BOMB)
        case _:
            return answer


def sent(answer: Answer, plan: Switches) -> Answer:
    """Return the answer with the way in which it goes out."""
    match plan.connection:
        case ConnectionFault.RESET_MID:
            return replace(answer, sending=Sending.RESET_MID)
        case ConnectionFault.SLOW_BODY:
            return replace(answer, sending=Sending.DRIP, drip_s=plan.drip_s)
        case _:
            return answer


def _html_200(title: str, content: etree._Element) -> Answer:
    # Elements without an end tag: no XML parser takes this page.
    text = etree.tostring(_page(title, content), method="html", doctype="<!DOCTYPE html>")
    return Answer(200, text, _HTML)


def _page(title: str, content: etree._Element) -> etree._Element:
    page = etree.Element("html")
    add(add(page, "head"), "title").text = title
    body = add(page, "body")
    add(body, "h1").text = title
    body.append(content)
    return page


def _status(plan: Switches) -> Answer:
    answer = html_page(plan.status)
    if plan.retry_after_s is None:
        return answer
    return replace(answer, headers={**answer.headers, "Retry-After": str(plan.retry_after_s)})


_IN_FRONT: Final[Mapping[Page, Callable[[], Answer]]] = {
    Page.HTML_200: lambda: _html_200("Welcome", etree.Element("hr")),
    Page.LOGIN_200: login_page,
    Page.REDIRECT_LOGIN: lambda: Answer(302, headers={"Location": LOGIN_PATH}),
    Page.HTML_401: lambda: html_page(401),
    Page.HTML_404: lambda: html_page(404),
}

_IN_PLACE: Final[Mapping[Page, Answer]] = {
    Page.EMPTY: Answer(200),
    Page.TEXT: text_answer("The service is being restarted.\n"),
}
