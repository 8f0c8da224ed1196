"""What people and feeds send -> saved rows, then vectors."""
