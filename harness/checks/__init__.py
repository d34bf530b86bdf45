"""Pure: what was journaled against what was observed; no clock, no chance, no network."""
