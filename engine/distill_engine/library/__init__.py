"""The user's folders: models, presets, takes, recordings and added vocoders."""
