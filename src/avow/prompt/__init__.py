"""What goes into a prompt: files, stdin, templates, the form of the answer, and the API's limits on them."""
