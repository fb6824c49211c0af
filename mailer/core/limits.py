"""How much of something is too much, where more than one place has to know."""

HTML_LIMIT = 90 * 1024  # bytes; Gmail clips at about 102 KB, links and all
