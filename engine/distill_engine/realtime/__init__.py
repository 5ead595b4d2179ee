"""Exchange between the engine and the control process, and the real-time set-up of threads."""
