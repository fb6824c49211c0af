"""Providers' own lists of addresses they carry no mail to. One module per provider."""
