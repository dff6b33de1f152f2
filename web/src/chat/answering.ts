/** What is of use once there is an answer, and not before: loaded as one, so that no mark has to wait for its card. */
import "./answer";
import "./source-card";
