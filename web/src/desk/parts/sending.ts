/** Sends a file and tells how much of it has left: XMLHttpRequest, since fetch does not tell. */
import { asProblem, problemOf } from "../../client/problem";

export interface Parcel {
  url: string;
  body: Blob;
  headers: Record<string, string>;
  signal: AbortSignal;
  /** How many bytes have left. */
  onProgress(sent: number): void;
}

/** PUTs a parcel and resolves to the status of a good answer. Raises ProblemError, or what `signal` was aborted with. */
export type Send = (parcel: Parcel) => Promise<number>;

export const send: Send = ({ url, body, headers, signal, onProgress }) => {
  const request = new XMLHttpRequest();
  const stop = () => request.abort();
  const answered = new Promise<Response | number>((resolve, reject) => {
    request.upload.onprogress = (event) => onProgress(Math.min(event.loaded, body.size));
    request.onload = () => resolve(answerOf(request));
    request.onerror = () => reject(asProblem("the connection broke off"));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(body);
  });
  return answered
    .then(async (answer) => (typeof answer === "number" ? answer : Promise.reject(await problemOf(answer))))
    .finally(() => signal.removeEventListener("abort", stop));
};

function answerOf(request: XMLHttpRequest): Response | number {
  const { status } = request;
  if (status >= 200 && status < 300) return status;
  const after = request.getResponseHeader("Retry-After");
  return new Response(request.responseText, {
    status: Math.max(status, 400),
    headers: after ? { "Retry-After": after } : {},
  });
}
