"""Brings the publication to sites that take nothing by themselves: SFTP into an upload-only inbox.

The inbox is laid out like the publication, so that a push becomes visible as every state of it
does: all files first, each under another name until it is whole, and ``timestamp.json`` last.
"""
