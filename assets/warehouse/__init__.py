"""The floor that the stages stand on: connections, SQL models, table contracts, the asset factory."""
