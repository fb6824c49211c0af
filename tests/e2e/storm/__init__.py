"""Workers that die at any moment, a provider that fails, and what is left of a mailing."""
