import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../../src/chat/conversations";
import type { CarrelConversations } from "../../src/chat/conversations";
import { List } from "../../src/chat/list";
import { Owned } from "../../src/chat/owned";
import { Talk } from "../../src/chat/talk";
import { conversation, FakeClient } from "../support/fake-client";

let client: FakeClient;

beforeEach(() => {
  client = new FakeClient();
  client.stored = Array.from({ length: 35 }, (_, index) => conversation(`c${index}`, `Lamp ${index}`));
});

describe("the list of conversations", () => {
  it("is read page by page", async () => {
    const list = new List(client);
    await list.refresh();
    expect(list.items).toHaveLength(30);
    await list.more();
    expect(list.items).toHaveLength(35);
    expect(list.next).toBeUndefined();
  });

  it("shows what the last words find, however late the first answer comes", async () => {
    const list = new List(client);
    const first = list.search("Lamp 1");
    const second = list.search("Lamp 34");
    await Promise.all([second, first]);
    expect(list.items.map(({ id }) => id)).toEqual(["c34"]);
  });

  it("says when it could not be read, and no more once it was", async () => {
    const list = new List(client);
    client.refuse = "conversations";
    await list.refresh();
    expect(list.failed).toBe(true);
    await list.refresh();
    expect(list.failed).toBe(false);
  });
});

describe("what is one's own", () => {
  const owned = (yes: boolean) => {
    const talk = new Talk(client);
    const list = new List(client);
    const around = { confirm: vi.fn(async () => yes), say: vi.fn(), anew: vi.fn() };
    return { talk, list, around, owned: new Owned(talk, list, around) };
  };
  const act = (what: string, own = conversation("c1", "Lamp 1")) =>
    new CustomEvent("act", { detail: { what, conversation: own } });

  it("is deleted after it was asked for twice only", async () => {
    const no = owned(false);
    await no.owned.acted(act("remove"));
    expect(client.stored).toHaveLength(35);
    const yes = owned(true);
    await yes.talk.open("c1");
    await yes.owned.acted(act("remove"));
    expect(client.stored).toHaveLength(34);
    expect(yes.around.anew).toHaveBeenCalledOnce();
    expect(yes.around.say).toHaveBeenCalledWith("Deleted");
  });

  it("is erased whole", async () => {
    const { owned: own, list, around } = owned(true);
    await list.refresh();
    await own.forMe(new CustomEvent("me", { detail: "erase" }));
    expect(list.items).toEqual([]);
    expect(around.say).toHaveBeenLastCalledWith("Everything was erased");
  });

  it("says when something did not work", async () => {
    const { owned: own, around } = owned(true);
    client.refuse = "rename";
    await own.renamed(new CustomEvent("rename", { detail: { id: "c1", title: "x" } }));
    expect(around.say).toHaveBeenCalledWith("That did not work. Please try again.");
  });
});

describe("the list as it is seen", () => {
  let element: CarrelConversations;
  const root = () => element.shadowRoot as ShadowRoot;
  const heard = (type: string) => {
    const hear = vi.fn();
    element.addEventListener(type, (event) => hear((event as CustomEvent).detail));
    return hear;
  };

  beforeEach(async () => {
    client.stored = [conversation("c1", "Wicks"), conversation("c2", "<b>Oil</b>")];
    element = document.createElement("carrel-conversations") as CarrelConversations;
    element.list = new List(client);
    element.here = "c1";
    document.body.append(element);
    await element.list.refresh();
    await element.updateComplete;
  });

  afterEach(() => element.remove());

  it("names where one is, and titles are text", () => {
    expect(root().querySelector("[aria-current]")?.textContent).toBe("Wicks");
    expect(root().querySelector("b")).toBeNull();
  });

  it("renames in place: Enter takes the new title, Escape leaves the old one", async () => {
    const renamed = heard("rename");
    const begin = async () => {
      root()
        .querySelector("[aria-current]")
        ?.dispatchEvent(new KeyboardEvent("keydown", { key: "F2" }));
      await element.updateComplete;
      return root().querySelector("li input") as HTMLInputElement;
    };
    (await begin()).dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    await element.updateComplete;
    expect(root().querySelector("li input")).toBeNull();
    const field = await begin();
    field.value = " Wicks and oil ";
    field.form?.dispatchEvent(new Event("submit", { cancelable: true }));
    expect(renamed).toHaveBeenCalledExactlyOnceWith({ id: "c1", title: "Wicks and oil" });
  });

  it("asks for deletion by key, and opens by click", () => {
    const [acted, opened] = [heard("act"), heard("open")];
    const second = root().querySelectorAll<HTMLElement>("li > button")[1];
    second?.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete" }));
    expect(acted).toHaveBeenCalledWith({ what: "remove", conversation: client.stored[1] });
    second?.click();
    expect(opened).toHaveBeenCalledWith("c2");
  });

  it("searches when the reader stops writing", async () => {
    vi.useFakeTimers();
    const field = root().querySelector('[type="search"]') as HTMLInputElement;
    for (const value of ["w", "wi"]) {
      field.value = value;
      field.dispatchEvent(new Event("input"));
    }
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    expect(client.calls.filter(([name]) => name === "conversations").map(([, given]) => given)).toEqual([
      { q: "", cursor: undefined },
      { q: "wi", cursor: undefined },
    ]);
  });
});
