"""OSCQuery over HTTP and WebSocket."""
