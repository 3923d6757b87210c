"""Many organizations with many answers, believable and the same at every run, for benchmarks."""
