"""A message -> a reply."""
