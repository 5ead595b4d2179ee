export function buildCodes(shared, root) { return {}; }
