"""The terms of a card as the tests of the domain use them."""

from datetime import date

from domain.card_terms import CardTerms

TERMS = CardTerms(
    effective=date(2018, 1, 1),
    clause="办法",
    validity_years=10,
    renewal_months=12,
    freeze_months=6,
    cancel_months=12,
    appeal_working_days=10,
    reassess_below_age=18,
    reassess_categories=frozenset({5, 6}),
)
