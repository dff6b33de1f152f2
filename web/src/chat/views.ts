/** The small parts of the chat that hold nothing of their own. */
import { html, nothing } from "lit";
import { ProblemError } from "../client";
import { texts } from "../texts";
import { icon, iconButton } from "../ui/icons";
import type { Later } from "./later";
import { progressLine } from "./notices";
import { type Answer, isGoing } from "./transcript";

export interface BarActs {
  enlist(): void;
  anew(): void;
  help(): void;
  leave(): void;
}

export function barView(narrow: boolean, compact: boolean, { enlist, anew, help, leave }: BarActs) {
  const { chat } = texts;
  return html`<div class="bar">
    ${narrow ? iconButton("menu", chat.showConversations, enlist) : nothing}
    <span class="name" aria-hidden="true">${chat.title}</span>
    ${narrow ? iconButton("plus", chat.newConversation, anew) : nothing}
    ${iconButton("keyboard", chat.keyboard, help)} ${compact ? iconButton("close", chat.close, leave) : nothing}
  </div>`;
}

export function welcomeView() {
  const { welcome, welcomeMore } = texts.chat;
  return html`<div class="welcome"><div><h2>${welcome}</h2><p>${welcomeMore}</p></div></div>`;
}

export function loadingView() {
  return html`<p class="middle">${texts.chat.loading}</p>`;
}

/** `problem` is why a conversation could not be read. */
export function unreadView(problem: unknown, again: () => void) {
  const { gone, unread, tryAgain } = texts.chat;
  if (problem instanceof ProblemError && problem.status === 404)
    return html`<p class="middle" role="alert">${gone}</p>`;
  return html`<div class="middle" role="alert"><p>${unread}</p>
    <button class="outlined" type="button" @click=${again}>${tryAgain}</button></div>`;
}

/** In an answer's place while that which shows answers (`answering`) is not here; never its bare Markdown. */
export function standInView(answer: Answer, answering: Later) {
  if (answering.failed) {
    return html`<p class="line bad">${icon("note")}${texts.errors.unloaded}</p>
      <p class="line"><button class="outlined" type="button" @click=${answering.again}>${texts.chat.tryAgain}</button></p>`;
  }
  return html`<p class="line progress">${isGoing(answer) ? progressLine(answer) : texts.chat.loading}</p>`;
}

export function olderView(loading: boolean, older: () => void) {
  return html`<div class="middle">
    <button class="outlined" type="button" ?disabled=${loading} @click=${older}>${texts.chat.older}</button>
  </div>`;
}

export function latestView(act: () => void) {
  return html`<div class="latest">
    <button class="outlined" type="button" @click=${act}>${icon("latest", 16)}${texts.chat.latest}</button>
  </div>`;
}

export function noticeView(line: string, now: () => void) {
  return html`<div class="notice">${icon("note")}<span dir="auto">${line}</span>
    <button class="outlined" type="button" @click=${now}>${texts.connection.now}</button></div>`;
}
