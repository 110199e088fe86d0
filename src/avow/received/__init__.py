"""Responses that another program received and handed over, judged: bytes in, exchanges out."""
