"""Maps of controllers: what each control does, read from and written to files."""
