"""The district's decisions as pure functions of values: no I/O, no framework, time as an argument."""
