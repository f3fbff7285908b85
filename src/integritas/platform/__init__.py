"""What every package stands on: storage, settings, logs, telemetry, HTTP."""
