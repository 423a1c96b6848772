"""What of the feed each visitor, agent and supervisor may see."""
