"""A policy is taken whole or refused with the first mistake, its place and its remedy."""

from decimal import Decimal

import pytest

from domain.logic import AllOf, AnyOf, Leaf, Not
from domain.policy import load_rule_book
from domain.policy_file import PolicyInvalid
from domain.rulebook import RuleBook

# file, what is replaced, by what; then the key and a piece of the message
MISTAKES = [
    ("facts.toml", "[departments]", "[department]", "department", "unknown key"),
    (
        "facts.toml",
        'kind = "date"',
        'kind = "day"',
        "facts.birth_date.kind",
        "unknown kind of fact. Use one of flag, choice",
    ),
    ("facts.toml", 'keeper = "police"', 'keeper = "stars"', "facts.birth_date.keeper", "Use one of federation"),
    ("facts.toml", 'kind = "money"', 'kind = "choice"', "facts.income.words", "Give a word for each value, or none"),
    ("facts.toml", 'kind = "choice"', 'kind = "flag"', "facts.card_state.words", "belongs to coded facts"),
    (
        "facts.toml",
        '"federation", "police", "civil_affairs"]',
        '"federation"]',
        "precedence[1].sources",
        "exactly once",
    ),
    ("facts.toml", "effective = 2026-07-01", "effective = 2016-12-04", "precedence", "two from the same day"),
    ("facts.toml", "[[precedence]]", "[[other]]", "other", "unknown key"),
    ("facts.toml", 'lost = "挂失"\n', "", "facts.card_state", "Declare in facts.toml what the register states"),
    ("facts.toml", "[facts.birth_date]", "[facts.born]", "facts.birth_date", "Unknown fact 'birth_date'"),
    ("facts.toml", "= ", "is ", "(file)", "not TOML"),
    ("facts.toml", "[departments]", f"deep = {'[' * 10_000}", "(file)", "not TOML: nested too deeply"),
    ("parameters.toml", "effective = 2026-03-01", "effective = 2016-12-04", "limit.values", "one value for each"),
    ("parameters.toml", "value = 1200.50", "value = -1", "limit.values[1].value", "not a number of 0 or more"),
    (
        "parameters.toml",
        "effective = 2016-12-04\nvalue = 1000",
        "effective = 2016-12-04\nvalue = 0",
        "benefits[1].indexed_to",
        "its parameter is 0 when the version begins",
    ),
    ("parameters.toml", "[limit]", "[limits]", "limits.values", "no value"),
    ("parameters.toml", "value = 61", "value = 60.5", "criteria.old.age_from", "Write the age in full years"),
    (
        "parameters.toml",
        "effective = 2016-12-04\nvalue = 1000",
        "effective = 2016-12-05\nvalue = 1000",
        "criteria.poor.at_most",
        "Add its value for 2016-12-04 to parameters.toml",
    ),
    ("plan.toml", 'promise = "补贴"', "", "clauses.1 para 1.promise", "missing"),
    ("plan.toml", "issued", "published", "published", "unknown key"),
    (
        "sentences.toml",
        '{requirement}"\njudged_age',
        '{need}"\njudged_age',
        "judged",
        "Use only label, requirement, value",
    ),
    ("sentences.toml", 'yes = "是"', 'yes = "{value}"', "yes", "Use only plain text"),
    ("sentences.toml", 'money = "{value}元"', 'money = "{value元"', "money", "unbalanced braces"),
    ("sentences.toml", 'separator = "、"', "", "separator", "missing"),
    ("trial.toml", 'slug = "trial"', 'slug = "trail"', "slug", "Rename the file to trail.toml"),
    ("trial.toml", 'slug = "trial"', "", "slug", "missing"),
    ("trial.toml", 'run_by = "federation"', 'run_by = "stars"', "run_by", "Use one of federation"),
    ("trial.toml", "run_by =", 'summary = "x"\nrun_by =', "summary", "unknown key"),
    ("trial.toml", "ended = 2026-08-31", "ended = 2026-10-01", "version", "versions 2016-12-04 and 2026-10-01 overlap"),
    ("trial.toml", "effective = 2026-10-01", "effective = 2016-12-04", "version", "overlap"),
    ("trial.toml", "ended = 2026-08-31", "ended = 2016-12-03", "ended", "before the version begins"),
    ("trial.toml", 'clauses = ["1 para 1", "2 para 1"]', "clauses = []", "clauses", "no rule without a source"),
    ("trial.toml", 'clauses = ["1 para 1", "2 para 1"]', 'clauses = ["9 para 9"]', "clauses", "add it to plan.toml"),
    ("trial.toml", 'fact = "income"', 'fact = "outgoings"', "fact", "unknown fact. Declare it in facts.toml"),
    ("trial.toml", "不超过{at_most}元", "不超过{limit}元", "requirement", "no limit called limit"),
    ("trial.toml", "不超过{at_most}元", "不超过{at_most元", "requirement", "unbalanced braces"),
    ("trial.toml", "is = true", "at_most = 1", "fact", "a flag is not compared like this. Use is or one_of"),
    ("trial.toml", "is = true", 'is = "yes"', "is", "Use one of true, false"),
    ("trial.toml", 'one_of = ["active", "lost"]', 'one_of = ["active", "gone"]', "one_of", "Use one of applied"),
    ("trial.toml", 'one_of = ["active", "lost"]', 'one_of = "active"', "one_of", "never has"),
    ("trial.toml", "includes_any = [1]", "includes_any = [7]", "includes_any", "Use one of 1, 2, 3, 4, 5, 6"),
    ("trial.toml", "includes_any = [1]", 'includes_any = ["1"]', "includes_any", "never has"),
    ("trial.toml", "includes_any = [1]", "is = 1", "fact", "Use includes_any"),
    ("trial.toml", "at_least = 1\nat_most = 2", "age_to = 2", "fact", "at_least with at_most"),
    ("trial.toml", "age_to = 6", "age_to = 6.5", "criteria.child.age_to", "Write the age in full years"),
    ("trial.toml", "age_to = 6", "at_most = 6", "fact", "Use age_from or age_to or age_from with age_to"),
    ("trial.toml", '"limit", share = 1.5 }', '"limits" }', "criteria.poor.at_most", "unknown parameter 'limits'"),
    ("trial.toml", "share = 1.5", "times = 1.5", "at_most.times", "unknown key"),
    ("trial.toml", 'indexed_to = "limit"', 'indexed_to = "limits"', "benefits[1]", "unknown parameter 'limits'"),
    (
        "trial.toml",
        '"card", "severe"]',
        '"card", "profound"]',
        "rule",
        "Add [version.criteria.profound], or correct the name",
    ),
    ("trial.toml", 'when = "blind"', 'when = "deaf"', "benefits[1].when", "no criterion called 'deaf'"),
    ("trial.toml", 'when = "blind"\n', "", "criteria.blind", "used by no rule"),
    ("trial.toml", 'rule = { all = ["card", "severe"] }', "", "rule", "not a rule"),
    ("trial.toml", 'access_class = "ride-new"', "", "title", "not exactly one kind of benefit. Give one of monthly"),
    ("trial.toml", "monthly = 100", "monthly = 100\nin_kind = true", "title", "not exactly one kind of benefit"),
    ("trial.toml", "cost_share = 0.5", "cost_share = 1.5", "cost_share", "Write a share between 0 and 1"),
    ("trial.toml", "cost_share = 0.5", 'cost_share = 0.5\nindexed_to = "limit"', "indexed_to", "only an amount"),
    ("trial.toml", "in_kind = true", "in_kind = false", "in_kind", "Write true, or give another kind"),
    ("trial.toml", 'title = "乘车"', 'titel = "乘车"', "titel", "unknown key"),
]


def test_a_right_policy_is_taken(book: RuleBook) -> None:
    """Programmes, versions in order of their days, rules and clauses are as written."""
    (programme,) = book.programmes
    first, second = programme.versions

    assert (programme.slug, programme.title, programme.run_by) == ("trial", "试点", "federation")
    assert first.effective < second.effective
    assert first.rule == AllOf((Leaf("card"), AnyOf((Leaf("poor"), Leaf("helped"))), Not(Leaf("old"))))
    assert first.benefits[2].cost_share == Decimal("0.5")
    assert book.reference.index.clauses["2 para 1"].remark == "没有写明办法"
    assert first.criteria["poor"].clause is book.reference.index.clauses["1 para 1"].reference


@pytest.mark.parametrize(("file", "old", "new", "key", "message"), MISTAKES)
def test_every_mistake_is_told(policy: dict[str, str], file: str, old: str, new: str, key: str, message: str) -> None:
    """The error names the file, the key, what is wrong, and what to do."""
    assert old in policy[file]
    policy[file] = policy[file].replace(old, new, 1)

    with pytest.raises(PolicyInvalid) as refused:
        load_rule_book(policy)

    assert refused.value.key.endswith(key)
    assert message in str(refused.value)
    assert refused.value.remedy


def test_a_mistake_in_a_version_names_programme_and_version(policy: dict[str, str]) -> None:
    """Whoever reads the message can go to the line."""
    policy["trial.toml"] = policy["trial.toml"].replace("share = 1.5", "share = -1")

    with pytest.raises(PolicyInvalid) as refused:
        load_rule_book(policy)

    assert str(refused.value) == (
        "trial.toml, programme trial, version 2016-12-04, key version[2].criteria.poor.at_most.share: "
        "not a number of 0 or more. Write a number of 0 or more."
    )


@pytest.mark.parametrize("file", ["facts.toml", "parameters.toml", "plan.toml", "sentences.toml"])
def test_a_missing_file_is_told(policy: dict[str, str], file: str) -> None:
    """What every programme is written in terms of must be there."""
    del policy[file]

    with pytest.raises(PolicyInvalid, match=f"{file}, key \\(file\\): missing. Put the file back into policy/."):
        load_rule_book(policy)


@pytest.mark.parametrize(
    ("file", "part", "key", "message"),
    [
        ("trial.toml", "[[version]]", "version", "Add [[version]] with its effective day"),
        ("facts.toml", "[[precedence]]", "precedence", "Add [[precedence]] with effective and sources"),
    ],
)
def test_a_missing_list_is_told(policy: dict[str, str], file: str, part: str, key: str, message: str) -> None:
    """A programme without a version, or facts without a precedence, are no policy."""
    head, _, rest = policy[file].partition(part)
    policy[file] = head + (rest[rest.index("[facts.") :] if "[facts." in rest else "")

    with pytest.raises(PolicyInvalid) as refused:
        load_rule_book(policy)

    assert refused.value.key == key
    assert message in str(refused.value)


def test_a_version_gives_something(policy: dict[str, str]) -> None:
    """A version without a benefit is refused."""
    head, _, _ = policy["trial.toml"].partition("[[version.benefits]]")
    policy["trial.toml"] = head

    with pytest.raises(PolicyInvalid, match="a programme gives something"):
        load_rule_book(policy)


def related(policy: dict[str, str], key: str, other: str) -> dict[str, str]:
    """The policy with a second programme, to which the first one's second version bears a relation."""
    relation = f'[[version.{key}]]\nprogramme = "{other}"\nreason = "理由"\nclause = "1 para 1"\n'
    trial = policy["trial.toml"]
    return policy | {
        "trial.toml": trial.replace("[version.criteria.card]", f"{relation}[version.criteria.card]", 1),
        "twin.toml": trial.replace('slug = "trial"', 'slug = "twin"'),
    }


@pytest.mark.parametrize("key", ["requires", "excludes"])
@pytest.mark.parametrize("other", ["trail", "trial"])
def test_a_relation_to_nobody_is_told(policy: dict[str, str], key: str, other: str) -> None:
    """A programme that does not exist, or that is the same one, can neither be required nor excluded."""
    with pytest.raises(
        PolicyInvalid, match=f"no other programme is called '{other}'. Use one of trial, twin"
    ) as refused:
        load_rule_book(related(policy, key, other))

    assert (refused.value.place.programme, refused.value.key) == ("trial", key)


def test_requirements_in_a_circle_are_told(policy: dict[str, str]) -> None:
    """Two programmes that wait for each other would never be granted: the circle is named."""
    files = related(policy, "requires", "twin")
    files["twin.toml"] = (
        files["trial.toml"].replace('slug = "trial"', 'slug = "twin"').replace('"twin"\nreason', '"trial"\nreason')
    )

    with pytest.raises(PolicyInvalid, match="require each other in a circle: "):
        load_rule_book(files)


@pytest.mark.parametrize("months", ["0", "1.5"])
def test_a_review_is_in_whole_months(policy: dict[str, str], months: str) -> None:
    """Never, and half a month, are no period of review."""
    policy["trial.toml"] = policy["trial.toml"].replace("ended =", f"review_months = {months}\nended =")

    with pytest.raises(PolicyInvalid, match="Write the months between two reviews, as 12"):
        load_rule_book(policy)
