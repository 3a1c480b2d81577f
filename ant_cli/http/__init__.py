"""HTTP: the client, its transports, retries and pagination. It knows neither screen nor terminal."""
