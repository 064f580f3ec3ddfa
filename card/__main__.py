"""The command line for the technician: `python -m card`."""

import os
import sys
from collections.abc import Sequence
from typing import Final

from card.client import ServerRefused, ServerUnreachable
from card.clock import RoundTripTooLong
from card.commands.exits import CommandFailed, ExitStatus
from card.commands.parser import build
from card.device import NotEnrolled, StateUnusable
from card.refusal import CredentialRefused
from card.storage import StorageUnavailable

_STATUSES: Final[dict[type[Exception], ExitStatus]] = {
    NotEnrolled: ExitStatus.NOT_ENROLLED,
    StateUnusable: ExitStatus.NOT_ENROLLED,
    ServerUnreachable: ExitStatus.UNREACHABLE,
    ServerRefused: ExitStatus.SERVER_REFUSED,
    StorageUnavailable: ExitStatus.STORAGE,
    CredentialRefused: ExitStatus.TRUST,
    RoundTripTooLong: ExitStatus.CLOCK,
}
_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status, with one sentence on standard error where it failed."""
    options = build().parse_args(arguments)
    try:
        return int(options.run(options))
    except CommandFailed as failure:
        return _failed(failure, failure.status)
    except tuple(_STATUSES) as error:
        return _failed(error, _STATUSES[type(error)])
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; keep the interpreter from failing once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.DONE


def _failed(error: Exception, status: ExitStatus) -> int:
    print(f"card: {error}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
