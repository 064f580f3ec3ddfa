"""Says in a sentence why a file or a batch of another department was refused, and what to do about it."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.intake_fault import FileRefused
    from services.imports import BatchRefused


@contextmanager
def explained() -> "Iterator[None]":
    """Turn the refusals of an import into their sentences.

    Raises:
        CommandFailed: see there.
    """
    from domain.intake_fault import FileRefused
    from services.imports import BatchRefused

    try:
        yield
    except FileRefused as refused:
        raise CommandFailed(_of_file(refused)) from refused
    except BatchRefused as refused:
        raise CommandFailed(_of_batch(refused)) from refused


def _of_file(error: "FileRefused") -> str:
    from domain.intake_fault import FileFault

    column = error.column
    return {
        FileFault.TOO_LARGE: "The file is too large to be a table of residents: split it, at most 500000 rows each.",
        FileFault.NO_TABLE: "The file is no table: save it as CSV or XLSX.",
        FileFault.OLD_EXCEL: "The file is an old or a password-protected Excel file: save it as .xlsx without one.",
        FileFault.CUT_OFF: "The file ends in the middle: fetch or send it again. Nothing of it was used.",
        FileFault.ENCODING: "The file is neither UTF-8 nor GB18030: save it again as CSV in UTF-8, or as XLSX.",
        FileFault.DAMAGED: "The file is damaged: some of its bytes are no text. Export it again from where it came.",
        FileFault.COLUMN_MISSING: f"The column {column} is missing: check that this is the right kind of file.",
        FileFault.COLUMN_TWICE: f"The column {column} is there twice: leave one of them.",
        FileFault.COLUMNS_SWAPPED: f"Id numbers stand outside the column {column}: put columns under their headers.",
        FileFault.NO_ROWS: "The file has headers and no rows: send the rows, or nothing.",
    }[error.fault]


def _of_batch(error: "BatchRefused") -> str:
    from services.imports import BatchFault

    return {
        BatchFault.REUSED: "This batch was applied with another file: give this file a name of its own (--batch).",
        BatchFault.UNDONE: "This batch was taken back: to apply the file again, give it another name (--batch).",
        BatchFault.BUSY: "Another import is running: wait until it has ended, then repeat this one. Nothing changed.",
        BatchFault.NOTHING_USABLE: "No row can be used, so nothing was changed: --report FILE.xlsx says why, by row.",
        BatchFault.KEY_GONE: (
            "Some residents' keys cannot be opened, so nothing was changed: bring back the keys file with the missing "
            "version. --report FILE.xlsx names the rows."
        ),
        BatchFault.UNKNOWN: "No such batch was applied: name it SOURCE:BATCH, as the import did.",
        BatchFault.BUILT_UPON: f"A later batch is about the same people: take back {error.detail} first.",
        BatchFault.CARDS_MOVED: (
            "This batch recorded deaths or moves, by which cards, passes and bookings have ended: correct each of them "
            "in the resident's file (retract the death, resume the card), not by taking the batch back."
        ),
    }[error.fault]
