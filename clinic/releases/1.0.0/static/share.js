// This release cannot share documents.

export function mountSharing() {}
