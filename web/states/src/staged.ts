/**
 * A client that stands still: shows one snapshot and gives the answers it was given. For the page of all states alone;
 * tests of what Keyleash does use the real one.
 */

import { type Client, Keyleash, type Snapshot } from "@keyleash/client";

export type Answers = Partial<Client>;

/** Those of the class and of what it is built upon. */
const CALLS = namesOf(Keyleash.prototype as object);

export function staged(state: Snapshot, answers: Answers = {}): Client {
  const nothingBehindIt = () => Promise.reject(new Error("This is a picture."));
  return {
    ...Object.fromEntries(CALLS.map((name) => [name, nothingBehindIt])),
    server: "https://keys.example",
    onChange: () => () => {},
    on: () => () => {},
    ...answers,
    state,
  } as unknown as Client;
}

function namesOf(prototype: object): string[] {
  const above = Object.getPrototypeOf(prototype) as object;
  const own = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor" && name !== "state");
  return above === Object.prototype ? own : [...namesOf(above), ...own];
}
