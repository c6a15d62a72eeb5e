"""Makes, judges and compares schemas of the instream, and the XMLMaps by which SAS reads it.

No input or output and no clock: payloads' rows, compiled schemas and bytes come in, values go out.

- `inference.infer`: a schema from rows
- `judging.judge`: what in a schema the adapter or SAS stumbles over
- `examples.examples_of`: valid and invalid documents
- `comparison.compare`: what changed, breaking or harmless for rows already kept
- `xmlmap.xmlmap_of`, `map_judging.judge_map`: the XMLMap, and one that somebody else wrote
- `row.row_of`: the row that all of them start from
"""
