"""The large data set measured: pages against bare views of the same work, closing, planning (README.md says how)."""
