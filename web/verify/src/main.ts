/** The page behind every mail link. */
import "./link.ts";
