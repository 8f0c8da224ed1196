"""New jobs -> the people whom they suit -> digests, when each wants them."""
