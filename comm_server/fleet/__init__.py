"""The site's clients: how they join, who they are, what they run."""
