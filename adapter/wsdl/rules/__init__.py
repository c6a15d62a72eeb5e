"""The named rules, one module per part of a WSDL; `table` lists them all."""
