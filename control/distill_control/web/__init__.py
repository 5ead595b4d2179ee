"""The page that plays: static files, served at the OSCQuery port; it speaks OSC by WebSocket."""
