"""Runs every measurement and writes build/bench.json, one flat object from name to number."""

import argparse
import json
from pathlib import Path

from bench import bookings, card, entitlements, exchange, home, online, register, slots, taps

RESULT = Path("build/bench.json")
SIZES = ("small", "default", "large")


def main() -> None:
    """Measure at the chosen size; small ends in seconds, default within ten minutes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="default")
    size = parser.parse_args().size
    figures: dict[str, float] = {}
    for module in (card, entitlements, exchange, home, register, bookings, slots, taps, online):
        measured = module.run(size)
        figures |= measured
        for name, value in measured.items():
            print(f"{name:32} {value:,.3f}", flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
