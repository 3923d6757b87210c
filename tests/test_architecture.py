"""Imports run one way: the contracts of import-linter in pyproject.toml, and the purity of the pure modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from mlops_maturity.env import CHECKOUT

PURE = {
    "assessments.anonymity",
    "assessments.charts",
    "assessments.benchmarks",
    "assessments.comparison",
    "assessments.confidence",
    "assessments.definition",
    "assessments.differences",
    "assessments.schedules",
    "assessments.scoring",
    "assessments.translations",
    "roadmaps.assumptions",
    "roadmaps.business_case",
    "roadmaps.cheapest",
    "roadmaps.planning",
    "roadmaps.plans",
    "roadmaps.schedule",
    "roadmaps.steps",
    "roadmaps.structure",
}


def test_imports_keep_the_contracts() -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("assessments", "roadmaps", include_external_packages=True, cache_dir=None)


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_import_the_standard_library_and_each_other_only(imports: grimp.ImportGraph, module: str) -> None:
    imported = imports.find_modules_directly_imported_by(module)

    assert imported
    assert {name for name in imported if name not in PURE | sys.stdlib_module_names} == set()
