"""Private PostgreSQL and Redis of this checkout for the demo, development and tests, without Docker.

`python -m mlops_maturity.devservices --help` lists the commands. Nothing here imports Django: the settings need the
addresses that are made here.

How nothing is left behind and nothing is lost: whoever uses a data folder holds its lock; every process started for it
carries the folder's mark in its environment, or works in the folder; a guard process stops them all when the one that
started them is killed; and the next start stops whatever is left before it goes on.
"""
