// One answer on the page: its text, its citations as numbered marks, the list of their sources.
// Text from anywhere reaches the page as textContent only.

import { uuid } from "./wire.js";

export class Answer {
  constructor(list) {
    this.text = "";
    this.citations = [];
    this.item = document.createElement("li");
    this.item.className = "answer";
    this.body = this.item.appendChild(document.createElement("div"));
    this.body.className = "text";
    list.append(this.item);
    this.busy = true;
  }

  set busy(busy) { this.item.setAttribute("aria-busy", String(busy)); }

  add(text) {
    this.text += text;
    const last = this.body.lastChild;
    if (last?.nodeType === Node.TEXT_NODE) last.appendData(text);
    else this.body.append(text);
  }

  cite(citation) {
    this.citations.push(citation);
    this.render();
  }

  note(text, retry) {
    const note = this.item.appendChild(document.createElement("p"));
    note.className = "note";
    note.textContent = text;
    if (!retry) return;
    const button = note.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = "Try again";
    button.addEventListener("click", () => { note.remove(); retry(); });
  }

  // The text with a numbered mark after each cited span; offsets count code points.
  render() {
    const points = Array.from(this.text);
    const numbers = new Map();
    const parts = [];
    let from = 0;
    for (const { end, sources } of [...this.citations].sort((a, b) => a.end - b.end)) {
      parts.push(points.slice(from, end).join(""));
      from = Math.max(from, end);
      for (const source of sources) parts.push(this.mark(source, numbers));
    }
    parts.push(points.slice(from).join(""));
    this.body.replaceChildren(...parts.filter((part) => part !== ""));
    this.list([...numbers.values()]);
  }

  mark(source, numbers) {
    const key = `${source.document_id} ${source.passage_id}`;
    if (!numbers.has(key)) numbers.set(key, { number: numbers.size + 1, source });
    const { number } = numbers.get(key);
    const link = document.createElement("a");
    link.className = "mark";
    link.href = `#${this.anchor(number)}`;
    link.textContent = number;
    link.setAttribute("aria-label", `Source ${number}: ${source.title}`);
    return link;
  }

  anchor(number) {
    this.name ??= uuid();
    return `source-${this.name}-${number}`;
  }

  list(sources) {
    this.item.querySelector(".sources")?.remove();
    if (!sources.length) return;
    const list = document.createElement("ol");
    list.className = "sources";
    list.setAttribute("aria-label", "Sources");
    for (const { number, source } of sources) {
      const entry = list.appendChild(document.createElement("li"));
      entry.id = this.anchor(number);
      entry.append(sourceLink(source));
      if (source.quote) entry.appendChild(document.createElement("q")).textContent = source.quote;
    }
    this.body.after(list);
  }
}

function sourceLink(source) {
  const parts = [source.title || source.document_id, ...(source.heading_path ?? [])];
  const name = parts.filter((part, at) => part && part !== parts[at - 1]).join(" › ");
  const link = document.createElement(webAddress(source.url) ? "a" : "span");
  link.textContent = name;
  if (link.localName === "a") {
    link.href = source.url;
    link.target = "_blank";
    link.rel = "noopener";
  }
  return link;
}

function webAddress(url) {
  try { return /^https?:$/.test(new URL(url).protocol); } catch { return false; }
}
