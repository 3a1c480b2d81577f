"""HTTP: the client, its transports, retries and pagination. How a wait is shown is passed in, as an `Observer`."""
