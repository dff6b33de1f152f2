"""What the gateway answers itself: the page, sessions, health, the API's document, metrics."""
