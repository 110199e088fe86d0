"""The Messages API's protocol, with no I/O in it: bytes in, frozen values out."""
