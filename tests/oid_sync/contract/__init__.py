"""One suite for every connector: whatever goes wrong, one record, none lost, no wrong status shown."""
