"""Archive and receipts: the bytes of every file and what became of it. Not here: parsing."""
