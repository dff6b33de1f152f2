/** The script that other sites' pages load; it stays small and brings the element with it. */
import "./chat/carrel-chat";
