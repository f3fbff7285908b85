"""Cases: their evidence, findings, decisions and the seven-state lifecycle."""
