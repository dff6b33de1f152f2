import { expect, test } from "vitest";
import type { DeskApi, InsightsQuery, QuestionsQuery } from "../../../src/desk/api";
import "../../../src/desk/insights/insights-view";
import type { DeskInsights } from "../../../src/desk/insights/insights-view";
import type { AskedQuestion, GapGroup, Gaps, Questions } from "../../../src/desk/wire";
import { all, api, find, mount, press, problem, settle, shown, submit, write } from "../support/desk";

function asked(question: string, more: Partial<AskedQuestion> = {}): AskedQuestion {
  return {
    ...{
      id: question,
      question,
      asked_at: "2026-11-20T10:00:00Z",
      outcome: "answered",
      degraded: [],
      rating: null,
    },
    ...{ comment: null, page_url: "", page_title: "" },
    ...more,
  };
}

const NONE = { asked: 0, answered: 0, weak: 0, unanswered: 0, failed: 0, running: 0, down_voted: 0 };
const TIME = { since: "2026-10-29T00:00:00Z", until: "2026-11-27T00:00:00Z" };

function questions(items: AskedQuestion[] = [], more: Partial<Questions> = {}): Questions {
  return { items, next_cursor: null, ...TIME, counts: NONE, ...more };
}

function gaps(items: GapGroup[] = [], more: Partial<Gaps> = {}): Gaps {
  return {
    items,
    next_cursor: null,
    ...TIME,
    questions: 3,
    truncated: false,
    pages: [],
    degraded: [],
    ...more,
  };
}

function view(calls: Partial<Record<keyof DeskApi, unknown>>, ...path: string[]) {
  return mount<DeskInsights>("desk-insights", { api: api(calls), path });
}

const pages = [{ page_url: "https://d.test/a", count: 3 }];

test("the overview counts all, draws them over time, and names the pages where answers are lacking", async () => {
  const counts = { ...NONE, asked: 2, answered: 1, unanswered: 1, down_voted: 1 };
  await view({ questions: async () => questions([], { counts }), gaps: async () => gaps([], { pages }) });
  expect(shown()).toMatch(
    /asked 60 answered 30 \(50%\) without citation 0 \(0%\) not in the documents 30 \(50%\)/,
  );
  expect(find('[role="img"]').getAttribute("aria-label")).toMatch(
    /^Questions over time\. 60 questions; the most from/,
  );
  expect(shown()).toContain("Where answers are lacking");
  expect(find('a[href="https://d.test/a"]').getAttribute("rel")).toContain("noopener");
});

test("a time in which nothing was asked says what to do", async () => {
  await view({ questions: async () => questions(), gaps: async () => gaps() });
  expect(shown()).toContain("Nothing was asked in this time.");
});

test("the time and the page that are chosen are asked for", async () => {
  const seen: QuestionsQuery[] = [];
  const calls = {
    questions: async (query: QuestionsQuery) => {
      seen.push(query);
      return questions();
    },
  };
  await view(calls, "questions");
  await write("#period", "custom");
  await submit("#page");
  expect(shown()).toContain("Choose a first day");
  await write("#first", "2026-11-01");
  await write("#last", "2026-11-02");
  await write("#page", "https://d.test/a?utm=1#x");
  await submit("#page");
  expect(seen.at(-1)).toEqual({
    since: new Date(2026, 10, 1).toISOString(),
    until: new Date(2026, 10, 3).toISOString(),
    limit: 50,
    page_url: "https://d.test/a",
  });
  expect(shown()).not.toContain("Choose a first day");
});

test("questions are told with what came of them, page behind page", async () => {
  const answers = [
    questions([asked("Why?", { outcome: "weak", degraded: ["rerank"], rating: "down", comment: "Old." })], {
      next_cursor: "c",
    }),
    questions([asked("<b>How?</b>", { page_url: "javascript:alert(1)", page_title: "A page" })]),
  ];
  await view({ questions: async () => answers.shift() }, "questions");
  expect(shown()).toMatch(/Why\? without citation voted down made without rerank .* Old\./);
  await press("Show more");
  expect(shown()).toContain("<b>How?</b>");
  expect(() => find('a[href^="javascript:"]')).toThrow();
});

test("gaps are groups with their kinds, examples and pages", async () => {
  const group: GapGroup = {
    ...{
      question: "Price?",
      count: 6,
      kinds: { unanswered: 5, down_voted: 2 },
      last_asked_at: "2026-11-20T10:00:00Z",
    },
    ...{ pages, examples: [asked("What is the price?", { outcome: "unanswered" })] },
  };
  const seen: InsightsQuery[] = [];
  const calls = {
    gaps: async (query: InsightsQuery) => {
      seen.push(query);
      return gaps([group], { truncated: true, degraded: ["groups"] });
    },
  };
  await view(calls, "gaps");
  expect(shown()).toMatch(/Price\? asked 6 times not in the documents: 5 voted down: 2/);
  expect(shown()).toContain("What is the price?");
  expect(shown()).toContain("There are more: the latest 1000 were grouped.");
  expect(shown()).toContain("only questions in the same words are together");
  expect(seen).toHaveLength(1);
});

test("no gaps is good news, said as such", async () => {
  await view({ gaps: async () => gaps() }, "gaps");
  expect(shown()).toContain("every question got an answer");
});

test("feedback is asked for by its votes", async () => {
  const seen: QuestionsQuery[] = [];
  const calls = {
    questions: async (query: QuestionsQuery) => {
      seen.push(query);
      return questions(
        query.rated === "up" ? [] : [asked("Why?", { rating: "down", comment: "Too short." })],
      );
    },
  };
  await view(calls, "feedback");
  expect(shown()).toContain("Too short.");
  await write("#which", "up");
  expect(shown()).toContain("Nobody voted on an answer in this time.");
  expect(seen.map(({ rated }) => rated)).toEqual(["any", "up"]);
});

test("a refusal is told and can be tried again", async () => {
  const answers = [Promise.reject(problem(503, "overloaded")), Promise.resolve(gaps())];
  await view({ gaps: () => answers.shift() }, "gaps");
  await press("Try again");
  expect(shown()).toContain("every question got an answer");
});

test("the part that is shown is the current one of the tabs", async () => {
  const element = await view({ gaps: async () => gaps(), questions: async () => questions() }, "gaps");
  const current = () => all(document).find((one) => one.matches(".tabs a[aria-current]"));
  expect(current()?.getAttribute("href")).toBe("#/insights/gaps");
  element.path = ["questions"];
  await settle();
  expect(current()?.getAttribute("href")).toBe("#/insights/questions");
});
