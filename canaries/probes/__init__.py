"""What is done in production, over and over: a note, and often a document shared beside it."""
