"""The allow-list: pairs of party and entry that people said are not the same."""
