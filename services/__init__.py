"""The four services: policy, roster, attendance, reporting. None imports another."""
