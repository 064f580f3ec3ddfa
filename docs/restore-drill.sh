#!/bin/sh
# Tries the way back before it is needed: backs up a database, restores it into an empty one, and compares the two.
#
#   DATABASE_OWNER_URL=postgresql://sdc_owner:…@host/sdc docs/restore-drill.sh postgresql://sdc_owner:…@host/drill
#
# Run it while nothing writes, or the counts differ for a good reason. PYTHON names another interpreter.
set -eu

into="${1:?name the empty database to restore into}"
: "${DATABASE_OWNER_URL:?name the database to back up}"
python="${PYTHON:-.venv/bin/python}"
cd "$(dirname "$0")/.."

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

# The rows of every table, as "table count" lines.
counts() {
    DATABASE_URL="$1" "$python" - <<'PYTHON'
import asyncio
import os

import asyncpg


async def count() -> None:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    for (table,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"):
        print(table, await connection.fetchval(f'SELECT count(*) FROM "{table}"'))
    await connection.close()


asyncio.run(count())
PYTHON
}

"$python" -m cli backup "$folder/drill.dump"
DATABASE_OWNER_URL="$into" "$python" -m cli restore "$folder/drill.dump"
counts "$DATABASE_OWNER_URL" >"$folder/before"
counts "$into" >"$folder/after"
diff "$folder/before" "$folder/after"
DATABASE_OWNER_URL="$into" "$python" -m cli audit verify
echo "The drill succeeded: $(wc -l <"$folder/after") tables agree."
