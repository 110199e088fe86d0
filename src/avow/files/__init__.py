"""Files on this machine: read where the user names them, written whole where they are avow's own."""
