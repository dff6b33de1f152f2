/** The page at `/`: the chat element, whole. */
import "./chat/carrel-chat";
