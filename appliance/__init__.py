"""The call-centre application."""
