/** The page at `/admin`: the owner's desk. */
import "./desk/carrel-desk";
