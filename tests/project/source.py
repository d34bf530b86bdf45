"""What the tests about the project read: its own source, as text and as syntax trees."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CODE = ("harness", "clinic", "scenarios", "canaries", "dashboards", "tools", "tests")
MADE = {"build", "dist", "htmlcov", "runs", "test-results", "__pycache__"}
HIDDEN_BUT_OURS = {".ci", ".github", ".gitignore"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    """Every Python file below the folders, except releases that are broken on purpose."""
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not relative(path).startswith("clinic/releases/")
    ]


def committed_files() -> Iterator[Path]:
    """Every file of the tree that is neither made by a tool nor hidden."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.name in MADE:
                continue
            if path.name.startswith(".") and path.name not in HIDDEN_BUT_OURS:
                continue
            if path.is_dir():
                folders.append(path)
            elif path.is_file():
                yield path


def relative(path: Path) -> str:
    """The path as a person writes it, from the project's folder."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file, nested ones included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node


def place(path: Path, node: ast.AST) -> str:
    """File and line, ready to be clicked."""
    return f"{relative(path)}:{getattr(node, 'lineno', 1)}"


def imported_modules(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every absolute import with the dotted name it brings in."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node, f"{node.module}.{alias.name}"


def is_within(module: str, parent: str) -> bool:
    """Whether a dotted name is the parent or lies below it."""
    return module == parent or module.startswith(f"{parent}.")


def configuration() -> dict[str, Any]:
    """The project's pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
