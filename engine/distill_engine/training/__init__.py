"""Training of latent models and vocoders, and the export of their graphs.

`latent` and `vocoder` hold the two trainings. They do not import each other; what both need lies
here.
"""
