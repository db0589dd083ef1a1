"""What an operator reads: the event log and metrics."""
