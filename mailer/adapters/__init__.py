"""The world: database, providers, sources, renderer, places, files."""
