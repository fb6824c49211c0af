"""Nouns and rules: pure Python, standard library only, no clock and no I/O."""
