"""The page beside which templates are edited: loopback only, for one person."""
