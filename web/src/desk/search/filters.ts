/** Rows of a form to the filters of a search. Pure. */
import type { Filters, Scalar } from "../../protocol";

export const OPERATIONS = ["is", "number", "yes", "no", "any", "gte", "lte", "gt", "lt"] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface FilterRow {
  key: string;
  operation: Operation;
  value: string;
}

export const NEW_ROW: FilterRow = { key: "", operation: "is", value: "" };

/** Return the filters that the rows make, or the place of the first row that makes none. Rows without a key count not. */
export function filtersOf(rows: readonly FilterRow[]): { filters: Filters } | { wrong: number } {
  const filters: Filters = {};
  for (const [place, row] of rows.entries()) {
    const key = row.key.trim();
    if (key === "") continue;
    const wanted = conditionOf(row);
    const before = Object.hasOwn(filters, key) ? filters[key] : undefined;
    // Two bounds of one key are one range; anything else twice says two things.
    if (wanted === undefined || (before !== undefined && !(isRange(before) && isRange(wanted)))) {
      return { wrong: place };
    }
    Object.defineProperty(filters, key, {
      ...{ enumerable: true, configurable: true, writable: true },
      value: isRange(before) && isRange(wanted) ? { ...before, ...wanted } : wanted,
    });
  }
  return { filters };
}

export function needsValue(operation: Operation): boolean {
  return operation !== "yes" && operation !== "no";
}

function conditionOf({ operation, value }: FilterRow): Filters[string] | undefined {
  if (operation === "yes" || operation === "no") return operation === "yes";
  if (operation === "is") return value;
  if (operation === "any") {
    const values = value.split(",").map((one) => one.trim());
    return values.every((one) => one !== "") ? values : undefined;
  }
  const bound = Number(value);
  if (value.trim() === "" || !Number.isFinite(bound)) return undefined;
  return operation === "number" ? bound : { [operation]: bound };
}

function isRange(value: Filters[string] | undefined): value is Exclude<Filters[string], Scalar | Scalar[]> {
  return typeof value === "object" && !Array.isArray(value);
}
