"""Jobs, schedules, sensors, resources, and the Dagster instance they run on."""
