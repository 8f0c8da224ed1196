"""What the daemon does, when, and what a task that fails means for the others."""
