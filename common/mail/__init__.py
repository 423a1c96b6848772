"""Mail servers as a client sees them: handing over by SMTP, reading by IMAP."""
