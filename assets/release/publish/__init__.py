"""From the candidate to a release: gate, staging, manifest, switch, retention. Not here: the files for readers."""
