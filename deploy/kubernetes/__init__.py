"""Writes the parts of the Kubernetes manifests that follow from the regions of an overlay and from other files."""
