"""Options of the sounds that are written: what is done to them, and their tags."""
