"""What people sign in with, by the libraries that know how."""
