"""Pages and hooks: what readers reach from a link in their mail."""
