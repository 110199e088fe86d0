"""Sends the history to a collector: exchanges as spans of OpenTelemetry, until they are acknowledged."""
