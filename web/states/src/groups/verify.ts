/** The pages behind mail links. */

import { type Client, type Inspection, ProblemError, UnreachableError } from "@keyleash/client";
import { html } from "lit";
import "../../../verify/src/link.ts";
import type { Link } from "../../../verify/src/token.ts";
import { press, type } from "../press.ts";
import { desk, laptop, now, pending, snapshot } from "../scene.ts";
import { type Answers, staged } from "../staged.ts";
import type { Group, State } from "../state.ts";

const OUT = { ...snapshot, session: { kind: "none" } } as const;
const CODE = "123456";

const inspection: Inspection = {
  device_name: pending.name,
  user_agent: pending.user_agent,
  address: "203.0.113.7",
  requested_at: now - 60_000,
  match_code: "4K7-QD2",
  totp_required: false,
};

const refused = (code: "totp_required" | "link_used_or_expired") => () =>
  Promise.reject(new ProblemError({ code, detail: "Refused." }));
const spent = refused("link_used_or_expired");

function page(name: string, link: Link | undefined, opening: Promise<Client>, open?: State["open"]): State {
  return {
    name,
    view: () => html`<verify-link .link=${link} .opening=${opening}></verify-link>`,
    ...(open && { open }),
  };
}

const of = (kind: "device" | "signup" | "reset", answers: Answers, name: string, open?: State["open"]): State =>
  page(`${kind}-${name}`, { kind, token: "a-token" }, Promise.resolve(staged(snapshot, answers)), open);

const inspect = async () => inspection;
const device = of.bind(undefined, "device");
const signup = of.bind(undefined, "signup");
const reset = of.bind(undefined, "reset");

const confirm: State["open"] = (figure, { verify: { signup } }) => press(figure, signup.confirm);
const setPassword: State["open"] = async (figure, { password, verify: { reset } }) => {
  await type(figure, password.new, "four random words are");
  await press(figure, reset.set);
};

const panic: Link = { kind: "panic" };
const loginOffer = async () => ({ accounts: true, vendor: false });

export const verify: Group = {
  name: "verify",
  states: [
    page("opening", panic, new Promise(() => {})),
    page("cannot-open", panic, rejected(new UnreachableError("offline"))),
    page("incomplete", undefined, Promise.resolve(staged(snapshot))),
    device({ inspect }, "asked"),
    device({ inspect: async () => ({ ...inspection, totp_required: true }) }, "code-needed"),
    device(
      { inspect, approve: async () => ({ ...pending, state: "verified" }) },
      "approved",
      (figure, { verify: { device } }) => press(figure, device.approve),
    ),
    device({ inspect: spent }, "spent"),
    device({ inspect: () => Promise.reject(new UnreachableError("offline")) }, "unreachable"),
    signup({}, "confirm"),
    signup({ confirmSignUp: async () => {} }, "ready", confirm),
    signup({ confirmSignUp: spent }, "spent", confirm),
    reset({}, "password"),
    reset({ resetPassword: refused("totp_required") }, "code-needed", setPassword),
    reset({ resetPassword: async () => {} }, "done", setPassword),
    reset({ resetPassword: spent }, "spent", setPassword),
    page("panic", panic, Promise.resolve(staged(snapshot))),
    page("panic-logged-out", panic, Promise.resolve(staged(OUT, { loginOffer }))),
    page(
      "panic-done",
      panic,
      Promise.resolve(
        staged(snapshot, {
          panic: async () => ({ seq: 0, removed: [desk, laptop].map(({ id, online }) => ({ id, online, held: [] })) }),
        }),
      ),
      async (figure, { devices, secondFactor }) => {
        await type(figure, secondFactor.code, CODE);
        await press(figure, devices.panicAction);
      },
    ),
  ],
};

/** Its refusal is told by the page, which may ask for it later. */
function rejected(error: Error): Promise<never> {
  const opening = Promise.reject(error);
  opening.catch(() => {});
  return opening;
}
