"""Figures of the conventions, drawn from what `opsbridge.reference` computes, so they can't lie."""
