"""Who writes one consultation of the clinic after the other, with a journal and without."""
