/** Where something that floats is put. Pixels of the window. Pure. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const GAP = 6;
const MARGIN = 8;

/** Under `anchor`, above it where there is no room, and always within the window. */
export function besides(
  anchor: Box,
  { offsetWidth, offsetHeight }: { offsetWidth: number; offsetHeight: number },
  { innerWidth, innerHeight }: { innerWidth: number; innerHeight: number },
): { left: number; top: number } {
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - offsetHeight;
  const fits = below + offsetHeight <= innerHeight - MARGIN || above < MARGIN;
  const left = Math.max(MARGIN, Math.min(anchor.left, innerWidth - offsetWidth - MARGIN));
  return { left, top: fits ? Math.max(MARGIN, Math.min(below, innerHeight - offsetHeight - MARGIN)) : above };
}
