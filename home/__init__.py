"""At the vendor: signs and ships releases, reads the mail, watches the fleet."""
