"""The REST interface under ``/api/v1``, described by ``/api/openapi.json`` from this code."""
