import { expect, test } from "vitest";
import "../../../src/desk/charts/count-bars";
import type { DeskCountBars } from "../../../src/desk/charts/count-bars";
import "../../../src/desk/charts/stacked-chart";
import type { DeskStackedChart } from "../../../src/desk/charts/stacked-chart";
import { all, find, mount, shown } from "../support/desk";

const series = [
  { name: "answered", values: [3, 0] },
  { name: "failed", values: [1, 2] },
];

test("a chart says in words what it shows, and the same as a table", async () => {
  await mount<DeskStackedChart>("desk-stacked-chart", {
    ...{ heading: "Questions", summary: "6 questions.", unit: "Day", labels: ["Mon", "Tue"], series },
  });
  expect(find('[role="img"]').getAttribute("aria-label")).toBe("Questions. 6 questions.");
  expect(shown(find("table"))).toBe("Day answered failed Mon 3 1 Tue 0 2");
});

test("a bar is as high as its value, and upon the one below", async () => {
  await mount<DeskStackedChart>("desk-stacked-chart", {
    ...{ heading: "Q", summary: "", unit: "Day", labels: ["Mon", "Tue"], series },
  });
  const bars = all(document).filter((element) => element.matches("rect.seg"));
  const heights = bars.map((element) => Number(element.getAttribute("height")));
  expect(heights).toHaveLength(3);
  expect((heights[0] ?? 0) / (heights[1] ?? 1)).toBeCloseTo(3);
  const [first, second] = bars.map((element) => Number(element.getAttribute("y")));
  expect((second ?? 0) + (heights[1] ?? 0)).toBeCloseTo(first ?? -1);
});

test("counts are a list that reads well by itself", async () => {
  const counts = [
    { label: "a", count: 4 },
    { label: "b", count: 1 },
  ];
  await mount<DeskCountBars>("desk-count-bars", { counts });
  expect(shown()).toBe("a 4 b 1");
  const widths = all(document).flatMap((element) =>
    element.matches('rect[fill="var(--accent)"]') ? [element.getAttribute("width")] : [],
  );
  expect(widths).toEqual(["100%", "25%"]);
});
