"""A consultation service: practitioners write notes, share documents, patients read them."""
