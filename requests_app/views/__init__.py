"""Pages of the exporter: lists, the draft as tasks, submitting, and the request after that."""
