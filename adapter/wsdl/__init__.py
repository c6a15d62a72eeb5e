"""Reads any WSDL 1.1 leniently, and says what in it a SASBIWS call stumbles over.

No input or output and no clock: bytes by address come in, plain values go out. Nothing here raises
for what a file holds.

- `checking.check`: every finding of the named rules in `rules.table`
- `outline.outline_of`: services, operations, parameters and streams
- `sample.sample_of`: a valid request as SOAP and as plain XML
- `diff.diff`: what changed between two descriptions, breaking or harmless
- `reading.read`: the description that all of them start from
"""
