"""The published language: every fact that a service tells the others, one module per publisher."""
