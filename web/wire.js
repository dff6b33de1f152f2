// Who this visitor is, and the connection to the chat: opened again, ever more slowly, until it holds.

const base = new URL(".", location.href);
const SESSION = "carrel.session";
const RENEW_BEFORE_MS = 10 * 60 * 1000;

// What is remembered; a browser may refuse to.

export function recall(key) {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch { /* then it lasts as long as the page */ }
}

export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Session {
  constructor({ onNewVisitor }) {
    this.known = recall(SESSION);
    this.onNewVisitor = onNewVisitor;
  }

  async token({ renew = false } = {}) {
    const left = this.known ? Date.parse(this.known.expires_at) - Date.now() : 0;
    if (renew || left < RENEW_BEFORE_MS) await this.open();
    return this.known.token;
  }

  async open() {
    const before = this.known;
    const headers = before ? { Authorization: `Bearer ${before.token}` } : {};
    const answer = await fetch(new URL("v1/sessions", base), { method: "POST", headers });
    if (!answer.ok) throw new Error(`no session: ${answer.status}`);
    this.known = await answer.json();
    remember(SESSION, this.known);
    if (before && before.visitor_id !== this.known.visitor_id) this.onNewVisitor();
  }

  async get(path) {
    const headers = { Authorization: `Bearer ${await this.token()}` };
    const answer = await fetch(new URL(path, base), { headers });
    if (!answer.ok) throw Object.assign(new Error(`${path}: ${answer.status}`), { status: answer.status });
    return answer.json();
  }
}

export class Wire {
  constructor({ session, onFrame, onState }) {
    Object.assign(this, { session, onFrame, onState });
    this.socket = null;
    this.tries = 0;
    this.interval = 6000; // until the server says how often it is heard from
    this.refused = false;
  }

  get isOpen() { return this.socket?.readyState === WebSocket.OPEN; }

  // What cannot be sent now is the caller's to send again when a connection is ready.
  send(frame) { if (this.isOpen) this.socket.send(JSON.stringify(frame)); }

  async open() {
    clearTimeout(this.again);
    if (this.opening || this.socket?.readyState <= WebSocket.OPEN) return;
    this.opening = true;
    try {
      const token = await this.session.token({ renew: this.refused });
      this.refused = true; // until it is ready: a browser does not say why it did not open
      const url = new URL("v1/chat", base);
      url.protocol = url.protocol.replace("http", "ws");
      this.listen(new WebSocket(url, ["carrel.v1", `carrel.token.${token}`]));
    } catch {
      this.later();
    } finally {
      this.opening = false;
    }
  }

  listen(socket) {
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      this.watch();
      const frame = JSON.parse(event.data);
      if (frame.type === "connection-ready") this.ready(frame);
      this.onFrame(frame);
    });
    for (const end of ["close", "error"]) {
      socket.addEventListener(end, (event) => {
        if (this.socket !== socket) return;
        this.refused ||= event.code === 4401;
        this.later();
      });
    }
    this.watch();
  }

  ready(frame) {
    this.refused = false;
    this.tries = 0;
    this.interval = frame.heartbeat_interval_ms;
    this.watch();
    this.onState(true);
  }

  // A connection that is silent for longer than its heartbeat is dead, whatever the browser thinks.
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => { this.socket?.close(); this.later(); }, this.interval * 2.5);
  }

  later() {
    clearTimeout(this.silence);
    clearTimeout(this.again);
    this.socket = null;
    const wait = Math.min(15000, 500 * 2 ** this.tries++) * (0.5 + Math.random() / 2);
    this.onState(false);
    this.again = setTimeout(() => this.open(), wait);
  }
}
