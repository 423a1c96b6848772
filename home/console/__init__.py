"""The vendor's console: pages for people, JSON for scripts, and the public files for sites."""
