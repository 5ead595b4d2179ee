"""What the operating system offers: thread priorities, atomic writes, C libraries."""
