"""What the stages use of DuckDB: connections, SQL models, table contracts, asset specs. Not here: any stage."""
