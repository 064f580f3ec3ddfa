"""A small made-up policy in which every kind of fact, comparison and benefit occurs once."""

import pytest

from domain.policy import load_rule_book
from domain.rulebook import RuleBook

FACTS = """
[departments]
federation = "残联"
civil_affairs = "民政局"
police = "公安局"

[[precedence]]
effective = 2026-07-01
sources = ["federation", "police", "civil_affairs"]

[[precedence]]
effective = 2016-12-04
sources = ["civil_affairs", "police", "federation"]

[facts.birth_date]
kind = "date"
label = "出生日期"
keeper = "police"

[facts.card_state]
kind = "choice"
label = "残疾人证状态"
keeper = "federation"

[facts.card_state.words]
applied = "申请中"
under_assessment = "评定中"
active = "有效"
suspended = "暂停"
lost = "挂失"
expired = "过期"
cancelled = "注销"

[facts.card_category]
kind = "code"
label = "残疾类别"
keeper = "federation"
words = { 1 = "视力", 2 = "听力", 3 = "言语", 4 = "肢体", 5 = "智力", 6 = "精神", 7 = "多重" }

[facts.card_categories]
kind = "codes"
label = "残疾类别"
keeper = "federation"
words = { 1 = "视力", 2 = "听力", 3 = "言语", 4 = "肢体", 5 = "智力", 6 = "精神" }

[facts.card_grade]
kind = "code"
label = "残疾等级"
keeper = "federation"
words = { 1 = "一级", 2 = "二级", 3 = "三级", 4 = "四级" }

[facts.income]
kind = "money"
label = "月收入"
keeper = "civil_affairs"

[facts.helped]
kind = "flag"
label = "有人帮助"
keeper = "police"
"""

PARAMETERS = """
[limit]
title = "标准"

[[limit.values]]
effective = 2026-03-01
value = 1200.50
source = "通知"

[[limit.values]]
effective = 2016-12-04
value = 1000
source = "示例"
illustrative = true

[pension_age]
title = "年龄"

[[pension_age.values]]
effective = 2016-12-04
value = 60
source = "示例"

[[pension_age.values]]
effective = 2026-05-01
value = 61
source = "示例"
"""

PLAN = """
document = "规划"
issued = 2016-12-04

[clauses."1 para 1"]
citation = "一、第1点"
promise = "补贴"
beneficiaries = "残疾人"

[clauses."2 para 1"]
citation = "二、第1点"
promise = "乘车"
beneficiaries = "残疾人"
remark = "没有写明办法"
"""

SENTENCES = """
judged = "{label}是{value},要求{requirement}"
judged_age = "年龄{value},要求{requirement}"
unknown = "不知道{label},要求{requirement}"
contradicted = "{source}{day}说{label}是{value}"
becomes_met = "{day}起符合{requirement}"
becomes_not_met = "{day}起不符合{requirement}"
becomes_unknown = "{day}起不知道{label}"
not_in_force = "{day}没有实行"
rules_begin = "{day}起实行"
rules_change = "{day}起有新规定"
rules_end = "{day}起不再实行"
requires_met = "{reason},能享受{programme}"
requires_not_met = "{reason},不能享受{programme}"
requires_unknown = "{reason},不知道{programme}"
excludes_met = "{reason},没有{programme}"
excludes_not_met = "{reason},已有{programme}"
excludes_unknown = "{reason},不知道有没有{programme}"
left_out = "{reason},选了{programme}"
yes = "是"
no = "否"
calendar_day = "{year}年{month}月{day}日"
money = "{value}元"
years = "{value}岁"
separator = "、"
"""

TRIAL = """
slug = "trial"
title = "试点"
run_by = "federation"

[[version]]
effective = 2026-10-01
clauses = ["2 para 1"]
rule = { all = ["card", "severe"] }

[version.criteria.card]
fact = "card_state"
is = "active"
requirement = "有效"
clause = "1 para 1"

[version.criteria.severe]
fact = "card_grade"
at_least = 1
at_most = 2
requirement = "{at_least}至{at_most}级"
clause = "2 para 1"

[version.criteria.blind]
fact = "card_categories"
includes_any = [1]
requirement = "视力"
clause = "2 para 1"

[[version.benefits]]
title = "乘车"
when = "blind"
access_class = "ride-new"
clause = "2 para 1"

[[version]]
effective = 2016-12-04
ended = 2026-08-31
clauses = ["1 para 1", "2 para 1"]
rule = { all = ["card", { any = ["poor", "helped"] }, { not = "old" }] }
documents = ["残疾人证"]
notes = ["示例"]

[version.criteria.card]
fact = "card_state"
one_of = ["active", "lost"]
requirement = "有效或挂失"
clause = "1 para 1"

[version.criteria.poor]
fact = "income"
at_most = { parameter = "limit", share = 1.5 }
requirement = "不超过{at_most}元"
clause = "1 para 1"

[version.criteria.helped]
fact = "helped"
is = true
requirement = "有人帮助"
clause = "1 para 1"

[version.criteria.old]
fact = "birth_date"
age_from = { parameter = "pension_age" }
requirement = "满{age_from}岁"
clause = "1 para 1"

[version.criteria.child]
fact = "birth_date"
age_to = 6
requirement = "0至{age_to}岁"
clause = "1 para 1"

[[version.benefits]]
title = "补贴"
monthly = 100
indexed_to = "limit"
clause = "1 para 1"

[[version.benefits]]
title = "标准的一成"
when = "poor"
monthly = { parameter = "limit", share = 0.1 }
clause = "1 para 1"

[[version.benefits]]
title = "报销一半"
when = "child"
cost_share = 0.5
clause = "1 para 1"

[[version.benefits]]
title = "乘车"
access_class = "ride"
clause = "2 para 1"

[[version.benefits]]
title = "上门服务"
when = { not = "helped" }
in_kind = true
illustrative = true
clause = "1 para 1"
"""


FILES = {
    "facts.toml": FACTS,
    "parameters.toml": PARAMETERS,
    "plan.toml": PLAN,
    "sentences.toml": SENTENCES,
    "trial.toml": TRIAL,
}


@pytest.fixture
def policy() -> dict[str, str]:
    """The text of every policy file by name, to be altered at will."""
    return dict(FILES)


@pytest.fixture(scope="session")
def book() -> RuleBook:
    """The rule book of that policy."""
    return load_rule_book(FILES)
