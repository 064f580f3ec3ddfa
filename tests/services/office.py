"""Stands in for the people of the federation: clerks with their areas, who bring about the events of cards."""

from typing import Any
from uuid import UUID

from domain.access import Viewer
from domain.card_event import CardEvent, CardRefusal, Step
from services.cards import CardStanding, Wish, bring_about
from services.resources import Resources
from tests.services.register import Register


class Office:
    """The federation's people, and what they do."""

    def __init__(self, resources: Resources, register: Register) -> None:
        self.resources, self.register = resources, register
        self._keys = iter(range(1_000))

    async def clerk(self, **staff: Any) -> Viewer:
        """A member of staff: of the district without a town."""
        viewer = await self.register.viewer()
        await self.register.staff(viewer.account_id, **staff)
        return viewer

    async def ask(
        self, viewer: Viewer, event: CardEvent, whom: UUID | None = None, *, key: str = "", **step: Any
    ) -> CardStanding | CardRefusal:
        """Have an event carried out; `step` is what it says."""
        return await bring_about(
            self.resources,
            viewer,
            await self.register.people(viewer),
            Wish(
                Step(event, **step),
                key or f"wish-{next(self._keys)}",
                whom,
                reason="本人到窗口办理",
                hospital="区人民医院" if event is CardEvent.REFER else None,
            ),
        )

    async def done(self, viewer: Viewer, event: CardEvent, whom: UUID | None = None, **step: Any) -> CardStanding:
        """The same, where no refusal is expected."""
        answer = await self.ask(viewer, event, whom, **step)
        assert isinstance(answer, CardStanding), answer
        return answer
