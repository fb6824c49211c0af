"""What the state machine over the ledger is made of."""
