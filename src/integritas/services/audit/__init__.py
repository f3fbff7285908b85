"""The audit trail: a Merkle log of everything that happened, in standard formats."""
