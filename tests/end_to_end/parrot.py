"""A server in the place of SAS that repeats whatever it was sent, in every way that can fail."""

import html
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

SLOW_S = 3.0

SAS = 'xmlns:sas="http://www.sas.com/xml/namespace/biwebservices"'
SOAP = 'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'


def _fault(code):
    return (
        f'<sas:Fault {SAS} code="{code}" SYSCC="1012"><sas:Exception message="{{}}"/></sas:Fault>'
    )


_SOAP_FAULT = (
    f"<soap:Envelope {SOAP}><soap:Body><soap:Fault><faultcode>soap:Server</faultcode>"
    "<faultstring>{}</faultstring><detail>{}</detail></soap:Fault></soap:Body></soap:Envelope>"
)

ANSWERS = {
    "Fault2000": (500, "text/xml", _fault(2000)),
    "Fault3000": (500, "text/xml", _fault(3000)),
    "Fault4000": (500, "text/xml", _fault(4000)),
    "Fault5000": (500, "text/xml", _fault(5000)),
    "SoapFault": (500, "text/xml", _SOAP_FAULT),
    "Page": (200, "text/html", "<html><title>{}</title><body>{}</body></html>"),
    "NotFound": (404, "text/html", "<html><body>{}</body></html>"),
    "BadRequest": (400, "text/plain", "{}"),
    "BadGateway": (502, "text/plain", "{}"),
    "Text": (200, "text/plain", "{}"),
    "Element": (200, "text/xml", "<a>{}</a>"),
    "Moved": (302, "text/plain", "{}"),
    "Slow": (200, "text/plain", "{}"),
    "Reset": (0, "", ""),
    "Refused": (401, "text/html", "<html><body>{}</body></html>"),
}
"""What each stored process answers; `{}` stands for what it was sent."""


class _Parrot(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        told = f"{self.headers.get('Authorization', '')} {html.unescape(body)} {body}"
        name = unquote(self.path).rpartition("/")[2]
        status, media, text = ANSWERS[name]
        if name == "Slow":
            time.sleep(SLOW_S)
        if not status:
            return
        answer = text.replace("{}", html.escape(told)).encode()
        self.send_response(status)
        if name == "Moved":
            link = told[told.index("https://") :].split(maxsplit=1)[0].partition("<")[0]
            self.send_header("Location", link)
        if name == "Refused":
            self.send_header("WWW-Authenticate", f'Basic realm="{told.split()[1]}"')
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Says nothing: what it is sent is secret."""


@contextmanager
def parrot():
    """Its address, while it answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Parrot)
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
