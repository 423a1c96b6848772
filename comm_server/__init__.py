"""The site's communications server."""
