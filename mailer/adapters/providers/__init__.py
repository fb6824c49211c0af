"""Who carries the mail; one module per provider: build (pure), send (I/O), parse (pure)."""
