/** Numbers, sizes, times as people read them, in the language of the page. Pure. */
const LANGUAGE = globalThis.document?.documentElement.lang || "en";
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
const STEPS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

export function number(value: number, digits = 0): string {
  return value.toLocaleString(LANGUAGE, { maximumFractionDigits: digits });
}

export function percent(share: number): string {
  return share.toLocaleString(LANGUAGE, { style: "percent", maximumFractionDigits: 0 });
}

/** 1536 -> "1.5 kB"; a kilobyte has 1024 bytes, as the settings count. */
export function bytes(value: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), UNITS.length - 1);
  const shown = value / 1024 ** step;
  return shown.toLocaleString(LANGUAGE, {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: shown < 10 && step > 0 ? 1 : 0,
  });
}

export function milliseconds(value: number): string {
  if (value >= 10_000) return seconds(value / 1000);
  return unit(value, "millisecond", value < 10 ? 1 : 0);
}

/** 4000 -> "1 hr, 6 min": the two largest parts. */
export function seconds(value: number): string {
  let rest = Math.round(value);
  const parts: string[] = [];
  for (const [name, size] of STEPS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(unit(count, name, 0));
    rest -= count * size;
  }
  return parts.slice(0, 2).join(", ") || unit(0, "second", 0);
}

export function dateTime(instant: string): string {
  return new Date(instant).toLocaleString(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
}

export function day(instant: string): string {
  return new Date(instant).toLocaleDateString(LANGUAGE, { month: "short", day: "numeric" });
}

/** Of milliseconds since 1970. */
export function timeOfDay(time: number): string {
  return new Date(time).toLocaleTimeString(LANGUAGE);
}

/** "3 minutes ago", "in 2 hours". */
export function ago(instant: string, now: number): string {
  const past = (Date.parse(instant) - now) / 1000;
  const [name, size] = STEPS.find(([, size]) => Math.abs(past) >= size) ?? ["second", 1];
  const count = Math.trunc(past / size);
  return new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" }).format(count, name);
}

function unit(value: number, name: string, digits: number): string {
  return value.toLocaleString(LANGUAGE, {
    style: "unit",
    unit: name,
    unitDisplay: "short",
    maximumFractionDigits: digits,
  });
}
