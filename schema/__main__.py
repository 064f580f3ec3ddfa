"""Prints the schema: `python -m schema > schema/schema.graphql` after a change that clients can live with."""

from schema.root import build_schema

if __name__ == "__main__":
    print(build_schema().as_str())  # noqa: T201 - printing is what it is for
