"""Routes: parse, call one method of a desk, return."""
