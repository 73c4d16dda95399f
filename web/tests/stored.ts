/** What the server wrote down, read from its SQLite file by another program. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Server } from "./server.ts";

export interface StoredCredential {
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
}

export function storedCredentials(server: Server): StoredCredential[] {
  const rows = select<{ id: string; version: number; deleted: number }>(
    server,
    "SELECT id, version, sealed IS NULL AS deleted FROM credentials ORDER BY seq",
  );
  return rows.map((row) => ({ ...row, deleted: row.deleted === 1 }));
}

/** How many credentials the server gave to the device of that name. */
export function givenTo(server: Server, device: string): number {
  const query = `SELECT count(*) AS given FROM holdings JOIN devices ON devices.id = holdings.device_id WHERE devices.name = '${device}'`;
  return select<{ given: number }>(server, query)[0]?.given ?? 0;
}

function select<Row>(server: Server, query: string): Row[] {
  let text: string;
  try {
    text = execFileSync("sqlite3", ["-readonly", "-json", join(server.directory, "keyleash.db"), query], {
      encoding: "utf8",
    });
  } catch (error) {
    throw new Error("the database cannot be read with `sqlite3` (if it is missing: `apt-get install -y sqlite3`)", {
      cause: error,
    });
  }
  return text === "" ? [] : (JSON.parse(text) as Row[]);
}
