"""Actions of `distill preset` beyond a single preset's file: words on it, sets, pictures."""
