"""Tables: contracts, headers and detection. Not here: the values in cells."""
