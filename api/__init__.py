"""The HTTP edge: everything that knows of requests, status codes and headers."""
