"""What a domain says about its mail in DNS: SPF, DKIM, DMARC."""
