"""The house keeps its shape: each module has its tests, and no room grows past what one can hold."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "retriever", "chat_ws", "shared", "cli")
MODULES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py"
)
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["carrel"]


def mirror(module: Path) -> Path:
    """Return where the tests of ``module`` are."""
    return Path("tests") / module.parent / f"test_{module.name}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_each_module_has_its_test_file(module: Path) -> None:
    """Whoever has found a module has found its tests; exceptions stand in pyproject.toml with a reason."""
    exempt = str(module) in CONFIGURATION["without_own_tests"]

    assert (ROOT / mirror(module)).is_file() != exempt


def test_exceptions_name_modules_that_exist() -> None:
    """The list of exceptions may only shrink: what is gone from the code is gone from the list."""
    assert set(CONFIGURATION["without_own_tests"]) <= {str(module) for module in MODULES}
    pure = {module for module in CONFIGURATION["pure"] if not module.startswith("bench/")}
    assert pure <= {str(module) for module in MODULES}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_each_module_says_what_it_owns(module: Path) -> None:
    """A module begins with a docstring."""
    assert ast.get_docstring(ast.parse((ROOT / module).read_text()))


def test_files_stay_small() -> None:
    """The median file is about 100 lines, nine in ten under 250, none over 400."""
    lengths = sorted(len((ROOT / module).read_text().splitlines()) for module in MODULES)

    assert lengths[len(lengths) // 2] <= 130
    assert lengths[len(lengths) * 9 // 10] <= 250
    assert lengths[-1] <= 400


def test_functions_stay_short() -> None:
    """Nine functions in ten have under 25 lines, their docstring not counted."""
    lengths = []
    for module in MODULES:
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                documented = ast.get_docstring(node) is not None
                body = node.body[1:] if documented else node.body
                if body:
                    lengths.append((body[-1].end_lineno or 0) - body[0].lineno + 1)
    lengths.sort()

    assert lengths[len(lengths) * 9 // 10] <= 25


def test_tests_say_what_must_hold() -> None:
    """Each test function has a docstring of one sentence or more."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert not silent
