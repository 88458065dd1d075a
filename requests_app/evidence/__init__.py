"""What uploaded documents say: weight, lots, invoice number, importer, "organic". It reads; it does not judge."""
