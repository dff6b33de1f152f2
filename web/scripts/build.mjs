/**
 * Builds what is served: the chat as page and widget, the owner's desk, and the client for other scripts. Each is a
 * build of its own, which shares no files with the others: nobody loads two of them, and few files pack better.
 */
import { build } from "vite";

for (const mode of ["chat", "desk", "client"]) {
  await build({ mode, logLevel: "warn", build: { emptyOutDir: mode === "chat" } });
}
