"""Asterisk's REST interface: commands and events on one WebSocket."""
