"""Measures a document before anything expensive reads it, each fragment once, so that none can be a bomb."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    visit,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema import messages
from schema.errors import ErrorCode, ExpectedError
from services.settings import Mode, Settings

# How long a list without pages is taken to be, unless its field says so: @strawberry.field(metadata={LIST_SIZE: 3}).
LIST_SIZE = "list_size"
_USUAL_LIST = 4
_INTROSPECTION_LIST = 3
_INTROSPECTION = {"__schema", "__type"}
# Selection sets within one another, spreads included; far above any honest document, far below Python's stack.
_MAX_NESTING = 100
_MAX_INT_DIGITS = 10


class Limit(StrEnum):
    """What a document or an operation can have too much of."""

    CHARACTERS = "characters"
    TOKENS = "tokens"
    DEPTH = "depth"
    ALIASES = "aliases"
    DIRECTIVES = "directives"
    FRAGMENT_SPREADS = "fragment_spreads"
    COST = "cost"
    NODES = "nodes"


class LimitExceeded(ExpectedError):
    """An operation asks for more than the server gives."""

    def __init__(self, limit: Limit, most: int) -> None:
        super().__init__(ErrorCode.LIMIT_EXCEEDED, messages.limit(limit, most))
        self.limit = limit


@dataclass(slots=True)
class _Tally:
    """What a selection set adds up to, its fragments expanded; `keys` are the response names of its top level."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    spreads: int = 0
    cost: int = 0
    nodes: int = 0
    keys: Counter[str] = field(default_factory=Counter)

    def take(self, other: "_Tally") -> None:
        """Add the selections of a fragment that is spread here."""
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.directives += other.directives
        self.spreads += other.spreads
        self.cost += other.cost
        self.nodes += other.nodes
        self.keys.update(other.keys)

    def repeated(self) -> int:
        """How many fields its top level names again: each is one more to merge, as an alias is one more to answer."""
        return self.keys.total() - len(self.keys)


def depends_on_variables(document: DocumentNode) -> bool:
    """Whether the cost of a document changes with its variables, so that each request must be measured."""
    found = _VariablePages()
    visit(document, found)
    return found.any


class _VariablePages(Visitor):
    """Notes whether the size of any page is left to a variable."""

    def __init__(self) -> None:
        super().__init__()
        self.any = False

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Sizes are given by `first` alone."""
        self.any = self.any or (node.name.value == "first" and isinstance(node.value, VariableNode))


def check(schema: GraphQLSchema, document: DocumentNode, settings: Settings, variables: Mapping[str, Any]) -> None:
    """Measure every operation, and every fragment as if it were one, because validation walks all of them.

    Raises:
        LimitExceeded: by the first definition that is too large.
        ExpectedError: a page size out of bounds, fragments in a cycle, or introspection where it is off.
    """
    meter = _Meter(schema, document, settings, variables)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            meter.judge(meter.operation(definition))
        elif isinstance(definition, FragmentDefinitionNode):
            meter.judge(meter.fragment(definition.name.value, 0))


class _Meter:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, settings: Settings, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._settings = settings
        self._variables = {**_defaults(document), **variables}
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._known: dict[str, _Tally] = {}
        self._open: set[str] = set()

    def judge(self, tally: _Tally) -> None:
        """Compare with the limits."""
        settings = self._settings
        for limit, amount, most in (
            (Limit.DEPTH, tally.depth, settings.max_depth),
            (Limit.FRAGMENT_SPREADS, tally.spreads, settings.max_fragment_spreads),
            (Limit.ALIASES, tally.aliases + tally.repeated(), settings.max_aliases),
            (Limit.DIRECTIVES, tally.directives, settings.max_directives),
            (Limit.COST, tally.cost, settings.max_cost),
            (Limit.NODES, tally.nodes, settings.max_nodes),
        ):
            if amount > most:
                raise LimitExceeded(limit, most)

    def operation(self, operation: OperationDefinitionNode) -> _Tally:
        """The tally of one operation."""
        tally = self._selections(operation.selection_set, self._schema.get_root_type(operation.operation), 0)
        tally.directives += len(operation.directives or ())
        tally.directives += sum(len(each.directives or ()) for each in operation.variable_definitions or ())
        return tally

    def fragment(self, name: str, nesting: int) -> _Tally:
        """The tally of a fragment, reckoned once however often it is spread."""
        if name in self._open:
            raise ExpectedError(ErrorCode.DOCUMENT_INVALID, messages.FRAGMENT_CYCLE)
        if name not in self._known:
            self._open.add(name)
            self._known[name] = self._fragment(name, nesting)
            self._open.remove(name)
        return self._known[name]

    def _fragment(self, name: str, nesting: int) -> _Tally:
        fragment = self._fragments.get(name)
        if fragment is None:
            return _Tally()
        on = self._schema.get_type(fragment.type_condition.name.value)
        tally = self._selections(fragment.selection_set, on, nesting)
        tally.directives += len(fragment.directives or ())
        return tally

    def _selections(self, selection_set: SelectionSetNode, on: GraphQLNamedType | None, nesting: int) -> _Tally:
        if nesting > _MAX_NESTING:
            raise LimitExceeded(Limit.DEPTH, self._settings.max_depth)
        tally = _Tally()
        for selection in selection_set.selections:
            tally.directives += len(selection.directives or ())
            match selection:
                case FieldNode():
                    self._field(tally, selection, on, nesting)
                case FragmentSpreadNode():
                    tally.spreads += 1
                    tally.take(self.fragment(selection.name.value, nesting + 1))
                case InlineFragmentNode():
                    condition = selection.type_condition
                    inner = self._schema.get_type(condition.name.value) if condition else on
                    tally.take(self._selections(selection.selection_set, inner, nesting + 1))
        return tally

    def _field(self, tally: _Tally, node: FieldNode, on: GraphQLNamedType | None, nesting: int) -> None:
        name = node.name.value
        introspects = name in _INTROSPECTION
        if introspects and self._settings.mode is Mode.PRODUCTION:
            # The schema is published as a file; walking it here would cost more than any query may.
            raise ExpectedError(ErrorCode.DOCUMENT_INVALID, messages.INTROSPECTION_OFF)
        definition = self._schema.get_field(on, name) if is_composite_type(on) else None
        tally.keys[node.alias.value if node.alias else name] += 1
        tally.aliases += node.alias is not None
        tally.cost += 1
        size = self._size(node, definition, on)
        if node.selection_set is None:
            tally.depth = max(tally.depth, 1)
            return
        inner = self._selections(
            node.selection_set, get_named_type(definition.type) if definition else None, nesting + 1
        )
        # The usual introspection query is deep by itself; graphql-core has a rule of its own for its nesting.
        tally.depth = max(tally.depth, 1 if introspects or _is_introspection(on) else 1 + inner.depth)
        tally.aliases += inner.aliases + inner.repeated()
        tally.directives += inner.directives
        tally.spreads += inner.spreads
        tally.cost += size * inner.cost
        tally.nodes += size * (1 + inner.nodes)

    def _size(self, node: FieldNode, definition: GraphQLField | None, on: GraphQLNamedType | None) -> int:
        """How many objects a field may stand for; a page counts at the field that asks for it, not at `edges`."""
        if definition is None:
            return 1
        if "first" in definition.args:
            return self._page(node)
        if not isinstance(get_nullable_type(definition.type), GraphQLList) or node.name.value == "edges":
            return 1
        if _is_introspection(on):
            return _INTROSPECTION_LIST
        origin = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        return int(origin.metadata.get(LIST_SIZE, _USUAL_LIST)) if origin else _USUAL_LIST

    def _page(self, node: FieldNode) -> int:
        most = self._settings.max_page_size
        value = next((argument.value for argument in node.arguments or () if argument.name.value == "first"), None)
        match value:
            case IntValueNode():
                first: Any = _integer(value)
            case VariableNode():
                first = self._variables.get(value.name.value)
            case _:
                first = None
        # Absent or no integer: validation says so in its own words.
        if not isinstance(first, int) or isinstance(first, bool):
            return most
        if not 1 <= first <= most:
            raise ExpectedError(ErrorCode.PAGE_SIZE, messages.page_size(most))
        return first


def _defaults(document: DocumentNode) -> dict[str, int]:
    """The defaults of integer variables; the largest where operations give one name several."""
    defaults: dict[str, int] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for variable in definition.variable_definitions or ():
                if isinstance(variable.default_value, IntValueNode):
                    name, value = variable.variable.name.value, _integer(variable.default_value)
                    defaults[name] = max(value, defaults.get(name, value))
    return defaults


def _is_introspection(on: GraphQLNamedType | None) -> bool:
    return on is not None and on.name.startswith("__")


def _integer(node: IntValueNode) -> int:
    """The value of a literal; digits beyond GraphQL's integers are not worth converting."""
    return int(node.value) if len(node.value) <= _MAX_INT_DIGITS else -1
