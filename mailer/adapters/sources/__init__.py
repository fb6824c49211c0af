"""Where actions come from; one module per format, each turning text into drafts."""
