"""Overrides private parts of Faust and aiokafka so that an agent receives whole batches. See README.md beside."""
