"""The classes of all files that are translated together: bases, methods, what `self.x` is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst

from opsbridge.port.source.names import Names, dotted, is_mindspore
from opsbridge.port.source.parse import Tree


@dataclass(frozen=True, eq=False)
class SourceUnit:
    """A parsed file with the meanings of its names."""

    tree: Tree
    names: Names
    asked: Collection[str] = ()
    """Names that other files import from it."""


@dataclass(frozen=True)
class Binding:
    """One value that an attribute is set to; no value where it is set in another way."""

    unit: SourceUnit
    value: cst.BaseExpression | None
    statement: cst.CSTNode


@dataclass(eq=False)
class ClassInfo:
    """A class of the source."""

    unit: SourceUnit
    node: cst.ClassDef
    bases: tuple[str, ...]
    methods: dict[str, cst.FunctionDef] = field(default_factory=dict)
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    parents: list[ClassInfo] = field(default_factory=list)
    children: list[ClassInfo] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.node.name.value

    def ancestors(self) -> Iterator[ClassInfo]:
        """The class and all it derives from, nearest first."""
        return _walk(self, lambda each: each.parents)

    def descendants(self) -> Iterator[ClassInfo]:
        """The class and all that derive from it."""
        return _walk(self, lambda each: each.children)

    @cached_property
    def family(self) -> list[ClassInfo]:
        """All classes whose methods may run on one object with this one's."""
        above = list(self.ancestors())
        return [*above, *(each for each in self.descendants() if each not in above)]

    @cached_property
    def is_cell(self) -> bool:
        """Whether objects of the class are MindSpore cells."""
        bases = [base for each in self.ancestors() for base in each.bases]
        return any(is_mindspore(base) and ".nn" in base for base in bases) or self.is_taken_for_cell

    @cached_property
    def is_taken_for_cell(self) -> bool:
        """Whether only its method `construct` tells: no base that is known is a cell."""
        lines = list(self.ancestors())
        known = any(is_mindspore(base) and ".nn" in base for each in lines for base in each.bases)
        is_open = any(
            base != "object" for each in lines for base in each.bases if not is_mindspore(base)
        )
        return not known and is_open and any("construct" in each.methods for each in lines)

    def bound(self, attribute: str) -> list[Binding]:
        """Everything that an attribute of its objects is set to, in any class of the family."""
        return [each for kin in self.family for each in kin.bindings.get(attribute, ())]

    def has(self, attribute: str) -> bool:
        """Whether a class of the family sets or defines an attribute."""
        return bool(self.bound(attribute)) or any(attribute in kin.methods for kin in self.family)

    @cached_property
    def graph_methods(self) -> set[str]:
        """Methods that run when the cell is called: they see tensors, never NumPy arrays."""
        if not self.is_cell:
            return set()
        reached: set[str] = set()
        open_names = ["construct"]
        while open_names:
            name = open_names.pop()
            if name in reached:
                continue
            reached.add(name)
            for kin in self.family:
                if name in kin.methods:
                    open_names += _own_calls(kin.methods[name])
        return reached


class Project:
    """All classes, found by name."""

    def __init__(self, units: Iterable[SourceUnit]) -> None:
        self.classes: dict[cst.ClassDef, ClassInfo] = {}
        self.attributes: set[str] = set()
        self.asked: set[str] = set()
        """Attributes that are asked of other objects, or of what a class derives from."""
        self.graph_functions: set[cst.FunctionDef] = set()
        """Functions outside classes that run when cells are called."""
        self.given_none: set[cst.CSTNode] = set()
        """Parameters of cells for which a call of one gives None."""
        self._by_name: dict[str, list[ClassInfo]] = defaultdict(list)
        finders = [_Finder(unit) for unit in units]
        for finder in finders:
            finder.unit.tree.module.visit(finder)
            self.attributes |= finder.attributes
            self.asked |= finder.asked
            for info in finder.found:
                self.classes[info.node] = info
                self._by_name[info.name].append(info)
        for info in self.classes.values():
            for base in info.bases:
                parent = self._find(base, info)
                if parent is not None and parent is not info:
                    info.parents.append(parent)
                    parent.children.append(info)
        of_objects = [each for finder in finders for each in finder.of_objects]
        self.asked |= {name for owner, name in of_objects if not owner.has(name)}

    def find_function_class(self, name: str, unit: SourceUnit) -> ClassInfo | None:
        """The class that a full name, or a plain one of the same file, stands for."""
        last = name.rpartition(".")[2]
        candidates = self._by_name.get(last, [])
        if "." not in name:
            candidates = [each for each in candidates if each.unit is unit]
        else:
            module = name.rpartition(".")[0]
            candidates = [each for each in candidates if is_module(each.unit.tree, module)]
        return candidates[0] if candidates else None

    def _find(self, base: str, info: ClassInfo) -> ClassInfo | None:
        return None if is_mindspore(base) else self.find_function_class(base, info.unit)


class _Finder(cst.CSTVisitor):
    """Collects the classes of a file."""

    def __init__(self, unit: SourceUnit) -> None:
        self.found: list[ClassInfo] = []
        self.attributes: set[str] = set()
        self.asked: set[str] = set()
        self.of_objects: list[tuple[ClassInfo, str]] = []
        """What classes use of their own objects."""
        self.unit = unit
        self._classes: list[ClassInfo] = []
        self._selves: list[str] = []

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        bases = [self._base(argument.value) for argument in node.bases]
        info = ClassInfo(self.unit, node, tuple(base for base in bases if base))
        self.found.append(info)
        self._classes.append(info)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self._classes.pop()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        is_method = self._classes and _is_method_of(self._classes[-1].node, node, self.unit.tree)
        if is_method:
            self._classes[-1].methods.setdefault(node.name.value, node)
            self._selves.append(self_name(node))
        else:
            self._selves.append(self._selves[-1] if self._selves else "")

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._selves.pop()

    def visit_Attribute(self, node: cst.Attribute) -> None:
        name = node.attr.value
        self.attributes.add(name)
        parts = dotted(node)
        if self._classes and self._selves and len(parts) == 2 and parts[0] == self._selves[-1]:
            self.of_objects.append((self._classes[-1], name))
        elif not self._is_called(node) and not self.unit.names.full_name(node):
            self.asked.add(name)

    def visit_Call(self, node: cst.Call) -> None:
        if dotted(node.func) in (["getattr"], ["hasattr"]) and len(node.args) > 1:
            text = node.args[1].value
            if isinstance(text, cst.SimpleString):
                self.asked.add(str(text.evaluated_value))

    def _is_called(self, node: cst.Attribute) -> bool:
        parent = self.unit.tree.parents.get(node)
        return isinstance(parent, cst.Call) and parent.func is node

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._bind(target.target, node.value, node)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._bind(node.target, node.value, node)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._bind(node.target, None, node)

    def visit_For(self, node: cst.For) -> None:
        self._bind(node.target, None, node)

    def _bind(
        self, target: cst.CSTNode, value: cst.BaseExpression | None, statement: cst.CSTNode
    ) -> None:
        if not self._classes:
            return
        if isinstance(target, cst.Tuple | cst.List):
            values = value.elements if isinstance(value, cst.Tuple | cst.List) else ()
            matching = len(values) == len(target.elements)
            for index, element in enumerate(target.elements):
                self._bind(element.value, values[index].value if matching else None, statement)
        elif isinstance(target, cst.Attribute) and self._selves:
            if isinstance(target.value, cst.Name) and target.value.value == self._selves[-1]:
                self._classes[-1].bindings[target.attr.value].append(
                    Binding(self.unit, value, statement)
                )
        elif isinstance(target, cst.Name) and not self._selves:
            self._classes[-1].bindings[target.value].append(Binding(self.unit, value, statement))

    def _base(self, node: cst.BaseExpression) -> str:
        return self.unit.names.full_name(node) or ".".join(dotted(node))


def self_name(node: cst.FunctionDef) -> str:
    """What a method calls its object."""
    if any(dotted(each.decorator) == ["staticmethod"] for each in node.decorators):
        return ""
    params = [*node.params.posonly_params, *node.params.params]
    return params[0].name.value if params else ""


def _is_method_of(owner: cst.ClassDef, node: cst.FunctionDef, tree: Tree) -> bool:
    around = (a for a in tree.ancestors(node) if isinstance(a, cst.FunctionDef | cst.ClassDef))
    return next(around) is owner


def _own_calls(method: cst.FunctionDef) -> list[str]:
    """Names of the methods that a method calls on its own object."""
    name = self_name(method)
    found: list[str] = []

    class Calls(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            parts = dotted(node.func)
            if len(parts) == 2 and parts[0] == name:
                found.append(parts[1])

    method.visit(Calls())
    return found


def is_module(tree: Tree, module: str) -> bool:
    """Whether a file may be the module that an import names: one path ends with the other."""
    parts = tree.place.with_suffix("").parts
    own = parts[:-1] if parts and parts[-1] == "__init__" else parts
    asked = tuple(part for part in module.split(".") if part)
    shorter = min(len(own), len(asked))
    return shorter == 0 or own[-shorter:] == asked[-shorter:]


def _walk(start: ClassInfo, step: Callable[[ClassInfo], list[ClassInfo]]) -> Iterator[ClassInfo]:
    seen = [start]
    for each in seen:
        yield each
        seen += [other for other in step(each) if other not in seen]
