"""Sample data: the actions of October 2019, and invented people around them."""
