"""Talks to SAS: one HTTP session, SOAP, REST and the fetching of WSDLs."""
