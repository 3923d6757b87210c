"""The large data set measured: pages against bare views of the same work, closing and planning (README.md beside this)."""
