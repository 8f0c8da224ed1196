"""The figures behind docs/benchmarks.md: each module is one comparison, run by hand."""
