"""GraphQL, thin: one module a word of the domain, over the services."""
