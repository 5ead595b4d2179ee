"""Controls that say what they do: features of sound, paths through latent space, and a map of the corpus."""
