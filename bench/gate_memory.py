"""Starts a gate on a prepared device directory, lets it answer one code, and prints what it keeps resident.

A process of its own, which imports nothing that a scanner does not: `python -m bench.gate_memory DIRECTORY CODE`.
"""

import sys
from pathlib import Path

from card.device import Device
from card.gate import Gate


def main() -> None:
    """Print the resident pages."""
    device = Device.open(Path(sys.argv[1]))
    gate = Gate(device.enrolment.device_id, device.database, device.clock, lambda: device.trusted)
    assert gate.admit(sys.argv[2]).admitted
    print(Path("/proc/self/statm").read_text().split()[1])


if __name__ == "__main__":
    main()
