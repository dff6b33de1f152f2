import { describe, expect, it, vi } from "vitest";
import { Later } from "../../src/chat/later";

function part(...answers: ("here" | "failed")[]) {
  const load = vi.fn(async () => {
    if (answers.shift() === "failed") throw new Error("network");
  });
  const told = vi.fn();
  return { load, told, later: new Later(load, told) };
}

describe("what is loaded later", () => {
  it("is loaded once, however often it is wanted", async () => {
    const { load, told, later } = part("here");
    later.want();
    later.want();
    await later.get();
    later.want();
    expect(load).toHaveBeenCalledOnce();
    expect(told).toHaveBeenCalledOnce();
    expect(later).toMatchObject({ here: true, failed: false });
  });

  it("is not tried again by who only draws it, but by who asks for it", async () => {
    const { load, told, later } = part("failed", "failed", "here");
    await expect(later.get()).rejects.toThrow("network");
    later.want();
    expect(load).toHaveBeenCalledOnce();
    expect(later.failed).toBe(true);
    await expect(later.get()).rejects.toThrow("network");
    later.again();
    expect(later.failed).toBe(false);
    await later.get();
    expect(later).toMatchObject({ here: true, failed: false });
    expect(told).toHaveBeenCalledTimes(4);
    later.again();
    expect(load).toHaveBeenCalledTimes(3);
  });

  it("is loaded beforehand without a word", async () => {
    const { told, later } = part("failed", "here");
    later.soon();
    await Promise.resolve();
    expect(later.failed).toBe(false);
    await later.get();
    expect(told).toHaveBeenCalledOnce();
  });
});
