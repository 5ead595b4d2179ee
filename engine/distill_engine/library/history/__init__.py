"""The history of renders beside its entries (`library.renders`): limit, search, trash."""
