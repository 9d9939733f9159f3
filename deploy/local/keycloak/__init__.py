"""Runs a real Keycloak on 127.0.0.1 with the realm that Piket ships."""
