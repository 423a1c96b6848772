"""On every client: keeps its programs up to date."""
