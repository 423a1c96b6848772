"""The story that the product is for, played with real parts and told with evidence."""

from __future__ import annotations

from onebox.demo.play import play

__all__ = ["play"]
