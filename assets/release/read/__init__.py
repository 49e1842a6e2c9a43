"""Opening a release, finding names in it, and the views that all presenters read. Not here: layouts."""
