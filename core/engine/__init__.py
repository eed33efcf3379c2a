"""Who trains: the worker processes, and who hands them runs."""
