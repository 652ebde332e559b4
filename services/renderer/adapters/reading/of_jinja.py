"""Reads what a source in Jinja2 uses, exactly: attribute by attribute, loop variables as the rows they stand for."""

from jinja2 import nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from services.renderer.adapters.reading.used import Used

_ABSENCE = {"default", "d"}
_NAMES_ABSENCE = {"defined", "undefined", "none"}


class JinjaReading:
    """Walks a syntax tree; names that the source itself sets are no placeholders."""

    def __init__(self, used: Used, place: str) -> None:
        self._used = used
        self._place = place
        self._own: dict[str, str | None] = dict.fromkeys(
            ("loop", *DEFAULT_NAMESPACE)
        )  # a name of the source itself → the path it stands for

    def read(self, tree: nodes.Node) -> None:
        """Note all that is used in it."""
        self._visit(tree, guarded=False)

    def path_of(self, node: nodes.Node) -> str | None:
        """Return the path that an expression names, None where it is none."""
        if isinstance(node, nodes.Name):
            return self._own.get(node.name, node.name)
        if isinstance(node, nodes.Getattr) and (path := self.path_of(node.node)):
            return f"{path}.{node.attr}"
        if isinstance(node, nodes.Getitem) and (path := self.path_of(node.node)):
            key = node.arg.value if isinstance(node.arg, nodes.Const) else None
            return f"{path}.{key}" if isinstance(key, str) else f"{path}[]"
        if isinstance(node, nodes.Or):  # `merge.rows or []`
            return self.path_of(node.left)
        if isinstance(node, nodes.Filter) and node.node and node.name in _ABSENCE | {"sort", "list", "reverse"}:
            return self.path_of(node.node)
        return None

    def _visit(self, node: nodes.Node, *, guarded: bool) -> None:
        match node:
            case nodes.Name() | nodes.Getattr() | nodes.Getitem() if self._names(node):
                self._note(node, guarded)
            case nodes.For():
                self._loop(node, guarded)
            case nodes.If() | nodes.CondExpr():
                self._visit(node.test, guarded=True)
                for child in node.iter_child_nodes(exclude=("test",)):
                    self._visit(child, guarded=guarded)
            case nodes.Or() | nodes.And():
                self._visit(node.left, guarded=True)
                self._visit(node.right, guarded=guarded)
            case nodes.Test():
                self._children(node, guarded=guarded or node.name in _NAMES_ABSENCE)
            case nodes.Filter():
                self._filter(node, guarded)
            case nodes.Assign():
                self._visit(node.node, guarded=guarded)
                self._define(node.target, self.path_of(node.node))
            case _:
                self._define_macros(node)
                self._children(node, guarded=guarded)

    def _define_macros(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Macro):
            self._own |= {node.name: None, **{argument.name: None for argument in node.args}}

    def _children(self, node: nodes.Node, *, guarded: bool) -> None:
        for child in node.iter_child_nodes():
            self._visit(child, guarded=guarded)

    def _names(self, node: nodes.Node) -> bool:
        name = node
        while isinstance(name, nodes.Getattr | nodes.Getitem):
            name = name.node
        return isinstance(name, nodes.Name) and name.ctx == "load"

    def _note(self, node: nodes.Node, guarded: bool) -> None:
        if path := self.path_of(node):
            self._used.add(path, self._place, guarded=guarded, line=node.lineno)
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            if isinstance(node, nodes.Getitem):
                self._visit(node.arg, guarded=guarded)
            node = node.node

    def _filter(self, node: nodes.Filter, guarded: bool) -> None:
        absent = guarded or node.name in _ABSENCE
        self._children(node, guarded=absent)
        if node.node and (path := self.path_of(node.node)):
            self._used.add(path, self._place, guarded=absent, line=node.lineno).filters.add(node.name)

    def _loop(self, node: nodes.For, guarded: bool) -> None:
        self._visit(node.iter, guarded=guarded or node.test is not None)
        path = self.path_of(node.iter)
        if path:
            self._used.add(f"{path}[]", self._place, line=node.lineno)
        self._define(node.target, f"{path}[]" if path else None)
        for child in (*node.body, *node.else_, *([node.test] if node.test else [])):
            self._visit(child, guarded=False)

    def _define(self, target: nodes.Node, path: str | None) -> None:
        if isinstance(target, nodes.Name):
            self._own[target.name] = path
        else:
            for name in target.find_all(nodes.Name):
                self._own[name.name] = None
