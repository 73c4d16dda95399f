/** Every view in every state. A new state is one entry in its view's group. */

import { accounts } from "./groups/accounts.ts";
import { general } from "./groups/general.ts";
import { login } from "./groups/login.ts";
import { security } from "./groups/security.ts";
import { status } from "./groups/status.ts";
import { sync } from "./groups/sync.ts";
import { verify } from "./groups/verify.ts";
import type { Group } from "./state.ts";

export const groups: readonly Group[] = [status, accounts, sync, general, security, login, verify];
