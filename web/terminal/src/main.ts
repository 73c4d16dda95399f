/** The demo terminal's page. */
import "./terminal.ts";
