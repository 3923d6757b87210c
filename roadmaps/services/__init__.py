"""Writing roadmaps."""
