"""Stage 6: the published folder - database, Parquet files, manifest - built aside and switched in by rename."""
