"""The API's address and how it is spoken to: HTTP, the credential, and what is known of the endpoint."""
