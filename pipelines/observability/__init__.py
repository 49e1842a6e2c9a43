"""What is known about runs afterwards: the run log, metrics, alerts. Without Dagster."""
