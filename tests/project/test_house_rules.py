"""The rules of the house that a machine can check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.source import (
    CODE,
    ROOT,
    functions,
    imported_modules,
    is_within,
    place,
    python_files,
    relative,
    tree,
)

VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "core", "misc"}
FUNCTION_LINES_MAX = 70
BROAD = {"Exception", "BaseException"}


def is_command_line(path: Path) -> bool:
    """Whether a file belongs to harness.cli, a module or a folder."""
    return relative(path) in {"harness/cli.py", "harness/__main__.py"} or relative(path).startswith(
        "harness/cli/"
    )


def ends_the_process(node: ast.AST) -> bool:
    """Whether this is a call of sys.exit, exit or quit, or SystemExit raised."""
    if isinstance(node, ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(raised, ast.Name) and raised.id == "SystemExit"
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"sys.exit", "exit", "quit"}


def prints(node: ast.AST) -> bool:
    """Whether this writes to the terminal."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {
        "print",
        "sys.stdout.write",
        "sys.stderr.write",
        "sys.stdout.buffer.write",
        "sys.stderr.buffer.write",
    }


def is_broad(node: ast.AST) -> bool:
    """Whether this catches everything: a handler, or contextlib.suppress."""
    if isinstance(node, ast.ExceptHandler):
        return node.type is None or bool(BROAD & names_in(node.type))
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(BROAD & names_in(argument) for argument in node.args)
    return False


def names_in(node: ast.AST) -> set[str]:
    """Every plain name in an expression."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def broad_handlers() -> Iterator[tuple[Path, ast.AST]]:
    """Every place of the product that catches everything."""
    for path in python_files("harness"):
        for node in ast.walk(tree(path)):
            if is_broad(node):
                yield path, node


def test_no_module_has_a_vague_name() -> None:
    """Files and folders of the product and the clinic are named after nouns of the domain."""
    vague = {
        relative(path)
        for path in python_files("harness", "clinic")
        if VAGUE & {part.removesuffix(".py").strip("_") for part in path.relative_to(ROOT).parts}
    }

    assert set() == vague


def test_every_test_says_what_it_proves() -> None:
    """Every test function carries a docstring: the sentence it proves."""
    silent = [
        f"{place(path, function)} {function.name}"
        for path in python_files("tests")
        for function in functions(path)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]

    assert [] == silent


def test_functions_are_short() -> None:
    """No function is longer than a person reads in one go."""
    long = [
        f"{place(path, function)} {function.name}: {lines} lines"
        for path in python_files(*CODE)
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]

    assert [] == long


def test_only_the_command_line_prints() -> None:
    """Nothing but harness.cli writes to the terminal."""
    loud = [
        place(path, node)
        for path in python_files("harness")
        if not is_command_line(path)
        for node in ast.walk(tree(path))
        if prints(node)
    ]

    assert [] == loud


def test_only_the_command_line_exits() -> None:
    """Nothing but harness.cli ends the process."""
    exits = [
        place(path, node)
        for path in python_files("harness")
        if not is_command_line(path)
        for node in ast.walk(tree(path))
        if ends_the_process(node)
    ]

    assert [] == exits


def test_only_the_command_line_knows_click() -> None:
    """Nothing but harness.cli imports click."""
    knowing = [
        place(path, node)
        for path in python_files("harness")
        if not is_command_line(path)
        for node, module in imported_modules(tree(path))
        if is_within(module, "click")
    ]

    assert [] == knowing


def test_everything_is_caught_in_two_places_at_most() -> None:
    """One broad except stands in the command line, and one where a check may crash."""
    handlers = list(broad_handlers())
    outside = [place(path, node) for path, node in handlers if not is_command_line(path)]
    inside = [place(path, node) for path, node in handlers if is_command_line(path)]

    assert len(outside) <= 1, outside
    assert len(inside) <= 1, inside


def test_nothing_broad_is_silent() -> None:
    """A handler that catches everything does more than pass."""
    silent = [
        place(path, node)
        for path, node in broad_handlers()
        if not isinstance(node, ast.ExceptHandler)
        or all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
    ]

    assert [] == silent


@pytest.mark.parametrize(
    "code",
    [
        "try: pass\nexcept: pass",
        "try: pass\nexcept Exception: pass",
        "try: pass\nexcept (ValueError, BaseException) as error: raise",
        "with contextlib.suppress(Exception): pass",
        "with suppress(OSError, Exception): pass",
    ],
)
def test_broad_handlers_are_recognised(code: str) -> None:
    """Every spelling of catching everything counts."""
    assert any(is_broad(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "try: pass\nexcept ValueError: pass",
        "with contextlib.suppress(OSError): pass",
        "raise Exception",
    ],
)
def test_narrow_handlers_are_let_pass(code: str) -> None:
    """Catching what is expected counts for nothing."""
    assert not any(is_broad(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize(
    "code", ["sys.exit(1)", "exit()", "raise SystemExit", "raise SystemExit(1)"]
)
def test_exits_are_recognised(code: str) -> None:
    """Every spelling of ending the process counts."""
    assert any(ends_the_process(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("code", ["stack.exit(1)", "raise", "raise ValueError", "print('exit')"])
def test_what_does_not_exit_is_let_pass(code: str) -> None:
    """Similar words do not count as ending the process."""
    assert not any(ends_the_process(node) for node in ast.walk(ast.parse(code)))
