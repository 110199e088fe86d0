"""Where the API itself is."""

API_HOST = "api.anthropic.com"
API_URL = f"https://{API_HOST}"
