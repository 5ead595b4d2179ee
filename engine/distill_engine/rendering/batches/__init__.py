"""Many files in one run: variations of a performance, and folders of recordings."""
