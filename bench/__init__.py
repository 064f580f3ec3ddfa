"""Measurements, each a figure or a ratio to a peer that ran in the same process and minute."""
