"""What the operating system offers: threads, files that are replaced whole, standard error of C libraries."""
