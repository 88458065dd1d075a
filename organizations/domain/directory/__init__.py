"""OID's directory of operations: read from its monthly workbook or its read API's XML, streamed, in batches.

``sources`` gives rows, ``columns`` makes records of them, ``writing`` writes what differs, ``imports`` holds the run
together, ``listing`` tells by which day an operation is confirmed. The layouts accepted: ``docs/directory-workbook.md``.
"""
