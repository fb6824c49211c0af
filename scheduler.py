"""The service: says now."""
