"""Everything that uses Dagster's private modules (`dagster._*`), which change with minor releases.

Dagster is pinned to one minor version; tests/integration/test_dagster_internals.py names what to check on an upgrade.
"""
