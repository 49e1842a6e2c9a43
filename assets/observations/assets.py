"""Observations as Dagster assets: SQL models all of them."""

from collections.abc import Mapping

import dagster as dg

from assets.warehouse import factory
from assets.warehouse.models import Model
from assets.warehouse.tables import Table


def observation_assets(models: Mapping[str, Model], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """The models of the schema `observations`."""
    return factory.model_assets(models, "observations", tables)
