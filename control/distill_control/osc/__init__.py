"""OSC over UDP and TCP; OSCQuery over HTTP and WebSocket."""
