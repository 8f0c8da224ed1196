"""HTTP: the admin API, health and metrics."""
