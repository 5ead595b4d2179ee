"""Exchange between the engine process and the control process, and the real-time set-up of threads."""
