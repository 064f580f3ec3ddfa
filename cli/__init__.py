"""The operator's command: everything a person types to run, inspect and try the system."""
