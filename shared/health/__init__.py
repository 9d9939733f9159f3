"""Says whether the parts that a process depends on work, within two seconds."""
