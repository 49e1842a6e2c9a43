"""How templates become pages: Jinja, with what a release of thousands of pages needs of it.

Here: functions of a page called directly, their constant results worked out once, and the cells of rows found first.
The pages are the same as without. Not here: what stands in the templates, and which functions they have
(assets.release.outputs.report.site).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer

_OF_EVERY_ROW = frozenset(dir(dict))


class Templates(Environment):
    """The templates of a folder, which may call these functions.

    Jinja looks a function up and asks what it wants of the page each time that it is called. A filter is called as it
    is, and where its arguments are constant, when the template is compiled. So calls are compiled as filters.
    """

    def __init__(self, folder: Path, functions: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._functions = frozenset(functions)
        self.filters |= functions
        self.globals |= functions

    def compile(self, source: Any, *args: Any, **said: Any) -> CodeType:  # type: ignore[override]
        name, filename = (*args, said.get("name"), said.get("filename"))[:2]
        tree = _AsFilters(self._functions).visit(self.parse(source, name, filename))
        code: CodeType = super().compile(tree, *args, **said)
        return code

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A cell of a row, which has no attribute of that name, without the detour of looking for one."""
        if type(obj) is dict and attribute not in _OF_EVERY_ROW and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class _AsFilters(NodeTransformer):
    def __init__(self, functions: frozenset[str]) -> None:
        self._functions = functions

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        self.generic_visit(call)
        if not isinstance(call.node, nodes.Name) or call.node.name not in self._functions or not call.args:
            return call
        first, *others = call.args
        rest = (call.kwargs, call.dyn_args, call.dyn_kwargs)
        return nodes.Filter(first, call.node.name, others, *rest, lineno=call.lineno, environment=call.environment)
