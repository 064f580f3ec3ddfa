"""Made-up books in which nothing counts but how programmes bear on each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from hypothesis import strategies as st

from domain.fact import Fact, Facts
from domain.policy import load_rule_book
from domain.rulebook import RuleBook
from tests.domain.conftest import FACTS, FILES

ON = date(2026, 6, 1)
KINDS = {"monthly": 12, "yearly": 1, "once": 1}
REASON = 'reason = "理由"\nclause = "1 para 1"'


@dataclass(frozen=True)
class Made:
    """A programme whose own rule is one flag; `amounts` are its benefits' kind, yuan and whether a flag allows them."""

    holds: bool | None
    amounts: tuple[tuple[str, int, bool | None], ...] = ()
    requires: frozenset[str] = field(default=frozenset())
    excludes: frozenset[str] = field(default=frozenset())

    def yearly(self) -> int:
        """The yuan a year that are certain."""
        return sum(KINDS[kind] * yuan for kind, yuan, allowed in self.amounts if allowed)


def book_of(programmes: Mapping[str, Made]) -> RuleBook:
    """The programmes as files, read as any others."""
    flags = [
        flag for slug, made in programmes.items() for flag in (slug, *(f"{slug}-{n}" for n in range(len(made.amounts))))
    ]
    facts = "".join(f'[facts.{flag}]\nkind = "flag"\nlabel = "{flag}"\nkeeper = "police"\n' for flag in flags)
    files = {name: text for name, text in FILES.items() if name != "trial.toml"}
    files |= {f"{slug}.toml": _file(slug, made) for slug, made in programmes.items()}
    return load_rule_book(files | {"facts.toml": FACTS + facts})


def facts_of(programmes: Mapping[str, Made], last: Mapping[str, date] = MappingProxyType({})) -> Facts:
    """What is known of a resident in whose case the flags are so, some until their last day."""
    flags = {slug: made.holds for slug, made in programmes.items()} | {
        f"{slug}-{n}": allowed for slug, made in programmes.items() for n, (_, _, allowed) in enumerate(made.amounts)
    }
    return Facts.of(
        Fact(name, flag, "police", None, last.get(name), ON) for name, flag in flags.items() if flag is not None
    )


def _file(slug: str, made: Made) -> str:
    lines = [f'slug = "{slug}"\ntitle = "项目{slug}"\nrun_by = "police"\n[[version]]\neffective = 2016-12-04']
    lines.append(f'clauses = ["1 para 1"]\nrule = "{slug}"')
    lines.extend(
        f'[version.criteria.{flag}]\nfact = "{flag}"\nis = true\nrequirement = "是"\nclause = "1 para 1"'
        for flag in (slug, *(f"{slug}-{n}" for n in range(len(made.amounts))))
    )
    for n, (kind, yuan, _) in enumerate(made.amounts):
        lines.append(f'[[version.benefits]]\ntitle = "钱"\n{kind} = {yuan}\nwhen = "{slug}-{n}"\nclause = "1 para 1"')
    lines.append(f'[[version.benefits]]\ntitle = "类"\naccess_class = "{slug}"\nclause = "1 para 1"')
    for key, others in (("requires", made.requires), ("excludes", made.excludes)):
        lines.extend(f'[[version.{key}]]\nprogramme = "{other}"\n{REASON}' for other in sorted(others))
    return "\n".join(lines)


TRUTHS = st.sampled_from([True, True, True, False, None])


@st.composite
def programmes(draw: st.DrawFn) -> dict[str, Made]:
    """Up to eight programmes with any relations that make no circle, and few different amounts, so that some tie."""
    slugs = draw(st.permutations([f"p{number}" for number in range(draw(st.integers(1, 8)))]))
    amounts = st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from([1, 12, 120]), st.sampled_from([True, None]))
    return {
        slug: Made(
            draw(TRUTHS),
            tuple(draw(st.lists(amounts, max_size=2))),
            frozenset(draw(st.lists(st.sampled_from(slugs[:place]), max_size=2)) if place else ()),
            frozenset(draw(st.lists(st.sampled_from(slugs), max_size=2))) - {slug},
        )
        for place, slug in enumerate(slugs)
    }
