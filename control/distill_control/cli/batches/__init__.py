"""Commands over many files: variations of a performance, folders of recordings and models."""
