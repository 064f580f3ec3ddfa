"""Use cases: each loads, decides and records in one transaction, for one viewer."""
