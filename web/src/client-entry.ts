/** The script other pages import the client from, as `https://HOST/client.js`. */
export * from "./client";
