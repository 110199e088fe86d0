"""The address of the Messages API itself."""

API_HOST = "api.anthropic.com"
API_URL = f"https://{API_HOST}"
