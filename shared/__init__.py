"""What the services have in common. Nothing here knows a service."""
