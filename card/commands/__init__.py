"""The commands of `python -m card`, one module for each thing a technician does."""
