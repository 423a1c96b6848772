"""Mail: composing what people read, sending it, and hearing that it arrived."""
