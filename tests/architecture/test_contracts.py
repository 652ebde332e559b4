"""Contracts say what is told, and do nothing: no methods, no inheritance but `Message` and its small values."""

import ast
from collections.abc import Iterator

from tests.architecture.tree import files


def classes() -> Iterator[ast.ClassDef]:
    """Yield each class of the contracts as it is written."""
    for path in files("shared/contracts/*.py"):
        yield from (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef))


def test_contracts_have_no_methods() -> None:
    acting = {
        contract.name: ast.unparse(line)
        for contract in classes()
        for line in contract.body
        if not isinstance(line, ast.AnnAssign | ast.Expr) and not ast.unparse(line).startswith("model_config = ")
    }

    assert acting == {}


def test_contracts_inherit_from_nothing_but_message_and_its_values() -> None:
    known = {contract.name for contract in classes()} | {"BaseModel"}

    strangers = {(contract.name, base) for contract in classes() for base in map(ast.unparse, contract.bases)}

    assert {(name, base) for name, base in strangers if base not in known} == set()


def test_every_contract_says_what_happened() -> None:
    assert [contract.name for contract in classes() if not ast.get_docstring(contract)] == []
