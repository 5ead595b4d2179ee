"""Actions of `distill model` on the files of the library: lists, names, checks, copies to share."""
