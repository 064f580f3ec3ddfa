"""The scanners' package: reads smart disability cards offline, decides at the gate, and keeps what it decided."""
