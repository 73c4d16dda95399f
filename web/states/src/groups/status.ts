import { now } from "../scene.ts";
import { banner, type Group } from "../state.ts";

export const status: Group = {
  name: "status",
  states: [
    banner("removed", { sync: { kind: "removed", reason: "removed", at: now - 60_000 }, accounts: [] }),
    banner("panic", { sync: { kind: "removed", reason: "panic", at: now - 60_000 }, accounts: [] }),
    banner("grace", {
      lock: { kind: "grace", until: now + 845_000 },
      connection: { kind: "reconnecting", nextTryAt: now + 12_000 },
    }),
    banner("locked-server-needed", {
      lock: { kind: "locked", why: "server_needed" },
      connection: { kind: "connecting" },
    }),
    banner("locked-grace-over", {
      lock: { kind: "locked", why: "grace_over" },
      connection: { kind: "reconnecting", nextTryAt: now + 25_000 },
    }),
    banner("reconnecting", { connection: { kind: "reconnecting", nextTryAt: now + 4_000 } }),
    banner("stopped", {
      connection: { kind: "stopped", why: "outdated", detail: "This page is older than the server." },
    }),
    banner("catching-up", { progress: { received: 212, total: 500 } }),
    banner("retrieving", { retrieval: { received: 131, total: 500 } }),
  ],
};
