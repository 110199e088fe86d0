"""The history for a collector: exchanges as spans of OpenTelemetry, and sending them until they are acknowledged."""
