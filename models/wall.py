"""Puts a table behind the second wall, in the migration that makes it: PostgreSQL shows whom `sdc.reach` names."""


def wall(table: str, column: str) -> list[str]:
    """Statements for a table whose `column` names the resident that a row is about (see migration 0008).

    Each function stands in a subquery, so that a statement asks it once and not for each row.
    """
    hers = f"{column} = ANY ((SELECT reached())::uuid[])"
    in_area = f"(SELECT reached_area()) = '' OR lives_in_reached_area({column})"
    return [
        f"CREATE POLICY reach ON {table} USING ({hers} OR {in_area})",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    ]
