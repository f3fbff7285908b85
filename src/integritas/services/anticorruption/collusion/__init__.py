"""Bid-rigging: screens of a tender's bids, a tree model over them, and why."""
