/** Conversations under headings by the day of their last message. Pure. */
import type { Conversation } from "../protocol";
import { texts } from "../texts";

export interface Day {
  name: string;
  items: Conversation[];
}

/** Groups conversations, which are newest first. */
export function byDay(conversations: readonly Conversation[], now: Date, language = texts.language): Day[] {
  const days: Day[] = [];
  for (const conversation of conversations) {
    const name = dayName(new Date(conversation.updated_at), now, language);
    const last = days.at(-1);
    if (last?.name === name) last.items.push(conversation);
    else days.push({ name, items: [conversation] });
  }
  return days;
}

function dayName(day: Date, now: Date, language: string): string {
  const ago = Math.round((midnight(now) - midnight(day)) / 86_400_000);
  if (ago <= 0) return texts.conversations.today;
  if (ago === 1) return texts.conversations.yesterday;
  if (ago < 7) return day.toLocaleDateString(language, { weekday: "long" });
  const year = day.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return day.toLocaleDateString(language, { month: "long", ...year });
}

function midnight(day: Date): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}
