"""The Temporal backend: needs the extra `temporal`, loaded only when asked for."""
