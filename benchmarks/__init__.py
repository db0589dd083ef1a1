"""What the relay costs, beside what others cost in the same run: ``python -m benchmarks [ROW ...]``."""
