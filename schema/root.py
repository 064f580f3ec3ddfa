"""Puts the schema together: queries, mutations, subscriptions and scalars, as `schema/schema.graphql` shows them."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription


def build_schema() -> strawberry.Schema:
    """The schema of the API."""
    return strawberry.Schema(
        Query, Mutation, Subscription, config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True)
    )
