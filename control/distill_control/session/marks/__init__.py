"""Marks in the control process: lists of them, and a place that moves among them by itself."""
