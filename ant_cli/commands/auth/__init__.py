"""`ant auth`: log in and out, and show or print the credential in use."""
