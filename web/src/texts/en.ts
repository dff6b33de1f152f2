/** English. Every text of a view stands here, in that view's group. */
export const en = {
  chat: {
    title: "Carrel",
    welcome: "Ask about the documents. Every answer shows where it comes from.",
  },
  desk: {
    title: "The owner's desk",
  },
};
