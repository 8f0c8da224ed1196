"""Text -> vector -> row."""
