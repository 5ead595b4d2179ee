"""OSC over UDP and TCP, and OSCQuery over HTTP and WebSocket."""
