"""From the candidate to a release: gate, staging, manifest, switch of `current`, retention. Not here: the files for readers."""
