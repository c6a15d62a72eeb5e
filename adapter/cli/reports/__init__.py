"""What `sasbiws wsdl check` found, as text, JSON, SARIF and JUnit."""
