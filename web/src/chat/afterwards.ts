/**
 * What a question can be asked without: answers and their sources, the list of conversations, dialogs. Loaded as one,
 * so that no mark has to wait for its card, and because one file packs better than four.
 */
import "./answer";
import "./conversations";
import "./dialogs";
import "./source-card";
