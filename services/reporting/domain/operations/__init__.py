"""Says whether each process, source and view of a deployment works, from the values that the processes export."""
