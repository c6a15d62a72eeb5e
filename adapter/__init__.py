"""sasbiws: from a CI 360 custom task to a SAS stored process, by SOAP or by REST."""
