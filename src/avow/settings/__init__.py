"""Settings: each declared once, where its value comes from, and the config file."""
