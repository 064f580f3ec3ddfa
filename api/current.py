"""What the server serves with just now: what policy/ says may be replaced while it runs, the rest stays as opened."""

from dataclasses import dataclass, replace

import structlog

from domain.policy_file import PolicyInvalid
from services.bootstrap import load_calling, load_holidays, load_law_of_cards, load_rules
from services.resources import Resources

log = structlog.get_logger("rules")


@dataclass
class Current:
    """The resources that the next request is given; one that has begun keeps its own to the end."""

    resources: Resources

    def reload_rules(self) -> None:
        """Read the rules anew: all of them, or none if there is a mistake, which is then logged with its remedy."""
        directory = self.resources.settings.policy_dir
        try:
            rules, holidays = load_rules(directory), load_holidays(directory)
            calling, card_law = load_calling(rules.chinese, directory), load_law_of_cards(directory)
        except PolicyInvalid as invalid:
            _tell(invalid)
            return
        self.resources = replace(self.resources, rules=rules, calling=calling, holidays=holidays, card_law=card_law)
        log.info("rules_replaced", programmes=len(rules.chinese.programmes))


def _tell(invalid: PolicyInvalid) -> None:
    place = invalid.place
    log.error(
        "rules_kept",
        file=place.file,
        programme=place.programme or None,
        version=place.version and place.version.isoformat(),
        key=invalid.key,
        problem=invalid.problem,
        remedy=invalid.remedy,
    )
