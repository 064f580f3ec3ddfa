"""The life of a scanner: which state follows from what happened, and what may be done in each."""

import pytest

from domain.scanner import ScannerAct, ScannerState, may, state_of


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        ((), ScannerState.AWAITED),
        (("enrolled",), ScannerState.ACTIVE),
        (("enrolled", "suspended"), ScannerState.SUSPENDED),
        (("enrolled", "suspended", "retired"), ScannerState.RETIRED),
        (("enrolled", "retired", "stolen"), ScannerState.STOLEN),
        (("retired",), ScannerState.RETIRED),
    ],
)
def test_the_state_is_the_gravest_thing_that_happened(happened: tuple[str, ...], state: ScannerState) -> None:
    """A theft counts above all, and a retirement above a suspension."""
    facts = {name: name in happened for name in ("enrolled", "suspended", "stolen", "retired")}

    assert state_of(**facts) is state


@pytest.mark.parametrize(
    ("act", "states"),
    [
        (ScannerAct.NAME, "awaited active suspended"),
        (ScannerAct.PLACE, "awaited active suspended"),
        (ScannerAct.SUSPEND, "active"),
        (ScannerAct.RESUME, "suspended"),
        (ScannerAct.RETIRE, "awaited active suspended stolen"),
        (ScannerAct.REPLACE, "active suspended stolen"),
        (ScannerAct.REPORT_STOLEN, "active suspended retired"),
    ],
)
def test_each_act_is_for_some_states(act: ScannerAct, states: str) -> None:
    """The whole table: what is not in it is refused."""
    assert {state.value for state in ScannerState if may(act, state)} == set(states.split())
