"""Sources of latents: hold, drift, corpus and live input, and the bank that fades between them."""
