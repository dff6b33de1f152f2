/** Colours that can be read. Pure. */

/** Return "#000" or "#fff", whichever has the higher contrast (WCAG 2) on `colour`, as computed styles tell it. */
export function inkOn(colour: string): string | undefined {
  const channels = colour.match(/^rgba?\(([\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)/)?.slice(1, 4);
  if (!channels) return undefined;
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => linear(Number(channel) / 255));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? "#000" : "#fff";
}

/** Return a colour for light and dark: what is read on white is too dark on black, unless its owner named both. */
export function inBothThemes(colour: string): string {
  if (colour.includes("light-dark(")) return colour;
  return `light-dark(${colour}, color-mix(in oklab, ${colour}, white 55%))`;
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
