"""A made-up district, realistic in shape, so that everything can be tried without one real person's data."""
