"""The straight line from a request to an answer."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from adapter.emulator import control
from adapter.emulator.addresses import Address, Transport, find
from adapter.emulator.calls import Call
from adapter.emulator.descriptions import Descriptions
from adapter.emulator.disturbance import (
    LOGIN_PATH,
    html_page,
    in_front,
    login_page,
    sent,
    spoiled,
)
from adapter.emulator.faults import SasFault, on_demand
from adapter.emulator.http_messages import Answer, Request, Sending
from adapter.emulator.instream import read_bytes, read_rows
from adapter.emulator.journal import Execution, Journal
from adapter.emulator.output import limited
from adapter.emulator.rest import RestVoice
from adapter.emulator.security import challenge, from_basic
from adapter.emulator.soap import SoapVoice
from adapter.emulator.stored_processes.program import Read, Run, Stopped, Written
from adapter.emulator.switches import ConnectionFault, Switches
from adapter.emulator.voice import Rejected, Voice

DELIVERY_HEADER = "X-Request-ID"
_RESET = Answer(sending=Sending.RESET_BEFORE)


@dataclass(frozen=True, slots=True)
class MiddleTier:
    """What stands between the socket and the stored processes."""

    journal: Journal
    folder: Path
    stopping: threading.Event
    url: Callable[[], str]
    descriptions: Descriptions = field(default_factory=Descriptions)

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request, after the delay that the switches ask for."""
        if control.concerns(request):
            return control.answer(request, self.journal, self.url())
        self.journal.add_request(request)
        if request.path.partition("?")[0] == LOGIN_PATH:
            return login_page()
        address = find(request.path)
        if address is None:
            return html_page(404)
        if request.method != "POST" and (address.wsdl or address.schema):
            return self._describe(request, address)
        return self._converse(request, address)

    def _describe(self, request: Request, address: Address) -> Answer:
        switches = self.journal.switches
        if switches.disturb_wsdl and replace(switches, fault=0).disturbs:
            plan = self.journal.plan(address.stored_processes)
        else:
            plan = switches.calm()
        return self._disturbed(plan, lambda: self._description(request, address, plan))

    def _description(self, request: Request, address: Address, plan: Switches) -> Answer:
        credentials = from_basic(request.headers)
        if plan.wsdl_needs_basic and not (credentials and credentials.known_to(plan.users)):
            return challenge()
        return self.descriptions.answer(address, self.url(), plan)

    def _converse(self, request: Request, address: Address) -> Answer:
        voice = _voice(request, address, self.journal.switches)
        heard = _heard(voice)
        called = (heard.stored_process.name,) if isinstance(heard, Call) else None
        plan = self.journal.plan(called or address.stored_processes)
        return self._disturbed(plan, lambda: self._called(voice, heard, plan))

    def _disturbed(self, plan: Switches, undisturbed: Callable[[], Answer]) -> Answer:
        if plan.connection is ConnectionFault.RESET_BEFORE:
            return _RESET
        try:
            answer = in_front(plan) or spoiled(undisturbed(), plan)
        except Stopped:
            return _RESET
        if plan.delay_s and self.stopping.wait(plan.delay_s):
            return _RESET
        return sent(answer, plan)

    def _called(self, voice: Voice, heard: Call | SasFault | Rejected, plan: Switches) -> Answer:
        try:
            if plan.users and not ((who := voice.credentials()) and who.known_to(plan.users)):
                return voice.strangers(who)
            if not isinstance(heard, Call):
                raise heard
            return voice.result(heard, self._run(voice, heard, plan))
        except SasFault as fault:
            return voice.fault(fault)
        except Rejected as rejection:
            return rejection.answer

    def _run(self, voice: Voice, call: Call, plan: Switches) -> Written:
        """Return what the stored process wrote; it is recorded unless a fault kept it from running.

        Raises:
            SasFault: of the program, or of the switch.
            Stopped: the emulator stops.
        """
        demanded = on_demand(plan.fault, plan.syscc) if plan.fault else None
        if demanded and not demanded.has_run:
            raise demanded
        execution = _begun(voice, call)
        failed: SasFault | None = None
        written = Written()
        try:
            rows = read_rows(call.value, plan)
            execution = replace(execution, rows=rows)
            sources = dict(_read(call, plan))
            run = Run(rows, call.prompts, self.folder, self.stopping, sources)
            written = limited(call.stored_process.program(run), plan)
        except SasFault as fault:
            failed = fault
        if failed is None or failed.has_run:
            self.journal.add_execution(replace(execution, finished_at=datetime.now(UTC)))
        if ending := demanded or failed:
            raise ending
        return written


def _read(call: Call, plan: Switches) -> Iterator[tuple[str, Read]]:
    for source in call.stored_process.sources:
        value = call.sources.get(source.name)
        if value is not None:
            name = source.name
            yield name, read_bytes(value, name) if source.generic else read_rows(value, plan)


def _begun(voice: Voice, call: Call) -> Execution:
    now = datetime.now(UTC)
    return Execution(
        stored_process=call.stored_process.name,
        transport=voice.address.transport.value,
        delivery_id=voice.request.headers.get(DELIVERY_HEADER, ""),
        rows=(),
        parameters=call.prompts,
        started_at=now,
        finished_at=now,
    )


def _voice(request: Request, address: Address, switches: Switches) -> Voice:
    if address.transport is Transport.REST and address.service:
        return RestVoice(request, address, address.service, switches)
    return SoapVoice(request, address, switches)


def _heard(voice: Voice) -> Call | SasFault | Rejected:
    try:
        return voice.call()
    except (SasFault, Rejected) as refusal:
        return refusal
