"""The words for what can be wrong with a department's file and with each of its rows."""

from enum import StrEnum


class RowFault(StrEnum):
    """Why a row is refused: found in the file itself, or when it meets the register."""

    CELLS = "cells"
    FORMULA = "formula"
    ID_MISSING = "id_missing"
    ID_AS_NUMBER = "id_as_number"
    ID_ELSEWHERE = "id_elsewhere"
    ID_LENGTH = "id_length"
    ID_AREA = "id_area"
    ID_BIRTH_DATE = "id_birth_date"
    ID_CHECK_CHARACTER = "id_check_character"
    NAME_MISSING = "name_missing"
    TWICE = "twice"
    VALUE_UNKNOWN = "value_unknown"
    AMOUNT_UNREADABLE = "amount_unreadable"
    DAY_UNREADABLE = "day_unreadable"
    DAY_AHEAD = "day_ahead"
    PERIOD_BACKWARDS = "period_backwards"
    UNKNOWN_PERSON = "unknown_person"
    NAME_DIFFERS = "name_differs"
    KEY_GONE = "key_gone"


class FileFault(StrEnum):
    """Why a file is refused as a whole."""

    TOO_LARGE = "too_large"
    NO_TABLE = "no_table"
    OLD_EXCEL = "old_excel"
    CUT_OFF = "cut_off"
    ENCODING = "encoding"
    DAMAGED = "damaged"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    COLUMNS_SWAPPED = "columns_swapped"
    NO_ROWS = "no_rows"


class FileRefused(Exception):
    """A file that cannot be read as what it is said to be; `column` is the header in question, where there is one."""

    def __init__(self, fault: FileFault, column: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.column = column


class RowRefused(Exception):
    """A row, or one of its cells, that cannot be read; `column` is the header in question, where there is one."""

    def __init__(self, fault: RowFault, column: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.column = column
