"""Values: cells, numbers, places and units. Not here: rules of a row."""
