/** The HTTP interface under `/api/v1`, call by call. Owns nothing; a refusal becomes a {@link ProblemError}. */

import { ProblemError, UnreachableError } from "./errors.ts";
import { HTTP_TIMEOUT_MS, RENEWAL_PAUSES_MS } from "./limits.ts";
import type {
  Approve,
  CredentialId,
  DeviceId,
  DeviceList,
  DeviceView,
  EndedSessions,
  Enrol,
  Enrolled,
  EventId,
  EventKind,
  EventList,
  HoldingsList,
  Inspection,
  LoggedIn,
  LogIn,
  LogInByToken,
  LoginOffer,
  MailPreferences,
  Me,
  PasswordChange,
  PasswordReset,
  Problem,
  RecoveryCodes,
  Removal,
  RemoveDevice,
  RemovedDevices,
  RemoveMany,
  SecondFactor,
  SessionId,
  SessionList,
  SetSync,
  SetUpTotp,
  SignUp,
  TotpSetup,
  VerificationMail,
} from "./protocol.gen.ts";
import { BEARER_SUBPROTOCOL, SUBPROTOCOL } from "./protocol.gen.ts";
import type { Token } from "./token.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Which entries of the security log are wanted. */
export interface EventFilter {
  /** Older than this one: the `id` of the last that was read. */
  readonly before?: EventId;
  readonly limit?: number;
  /** Of these kinds only. */
  readonly kinds?: readonly EventKind[];
}

export class Api {
  readonly #base: URL;

  /**
   * `refused` hears of every 401 that is about the session, whichever call it answers. `token` carries the login in place of
   * the cookie, for a page of another origin.
   */
  constructor(
    server: string,
    private readonly refused: (problem: Problem) => void,
    private readonly token: Token | undefined,
    /** Whether this tab takes somebody for logged in. */
    private readonly loggedIn: () => boolean,
  ) {
    this.#base = new URL("/api/v1/", server);
  }

  socket(): WebSocket {
    const url = new URL("socket", this.#base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const token = this.token?.current;
    return new WebSocket(url, token ? [SUBPROTOCOL, BEARER_SUBPROTOCOL + token] : [SUBPROTOCOL]);
  }

  signUp = (body: SignUp) => this.#call<void>("POST", "signup", body);
  confirmSignUp = (token: string) => this.#call<void>("POST", "signup/confirm", { token });
  identity = () => this.#call<LoginOffer>("GET", "identity");
  logIn = (body: LogIn) => this.#loggedIn("login", body);
  logInByToken = (body: LogInByToken) => this.#loggedIn("login/token", body);
  logOut = async () => {
    const problem = await problemOf(await this.#fetch("POST", "logout", undefined));
    // Whose login has ended already is logged out.
    if (problem && problem.status !== 401) throw new ProblemError(problem);
    await this.token?.keep(undefined);
  };
  me = () => this.#call<Me>("GET", "me");
  /** Who is logged in by a login that another tab made; nothing is told of a refusal. */
  sessionOfAnotherTab = async (): Promise<Me | undefined> => {
    await this.token?.load();
    const answer = await this.#fetch("GET", "me", undefined);
    return answer.ok ? ((await answer.json()) as Me) : undefined;
  };

  setUpTotp = (body: SetUpTotp) => this.#call<TotpSetup>("POST", "totp/setup", body);
  confirmTotp = (code: string) => this.#call<RecoveryCodes>("POST", "totp/confirm", { code });
  disableTotp = (factor: SecondFactor) => this.#call<void>("POST", "totp/disable", factor);
  renewRecoveryCodes = (factor: SecondFactor) => this.#call<RecoveryCodes>("POST", "recovery-codes", factor);

  changePassword = (body: PasswordChange) => this.#call<void>("POST", "password/change", body);
  forgotPassword = (email: string) => this.#call<void>("POST", "password/forgot", { email });
  resetPassword = (body: PasswordReset) => this.#call<void>("POST", "password/reset", body);

  sessions = () => this.#call<SessionList>("GET", "sessions");
  endSession = (id: SessionId) => this.#call<void>("DELETE", `sessions/${id}`);
  endOtherSessions = () => this.#call<EndedSessions>("POST", "sessions/end-others");
  events = ({ before, limit, kinds }: EventFilter) => {
    const query = new URLSearchParams();
    if (before !== undefined) query.set("before", before);
    if (limit !== undefined) query.set("limit", String(limit));
    if (kinds !== undefined) query.set("kinds", kinds.join(","));
    return this.#call<EventList>("GET", `events?${query}`);
  };
  setMailPreferences = (body: MailPreferences) => this.#call<Me>("PUT", "mail-preferences", body);

  setSync = (body: SetSync) => this.#call<Me>("PUT", "sync", body);
  enrol = (body: Enrol) => this.#call<Enrolled>("POST", "devices", body);
  devices = () => this.#call<DeviceList>("GET", "devices");
  sendVerificationMail = (id: DeviceId) => this.#call<VerificationMail>("POST", `devices/${id}/verification-mail`);
  inspect = (token: string) => this.#call<Inspection>("POST", "device-verifications/inspect", { token });
  approve = (body: Approve) => this.#call<DeviceView>("POST", "device-verifications", body);
  renameDevice = (id: DeviceId, name: string) => this.#call<void>("PATCH", `devices/${id}`, { name });
  removeDevice = (id: DeviceId, body: RemoveDevice) => this.#call<Removal>("POST", `devices/${id}/remove`, body);
  removeOthers = (body: RemoveMany) => this.#call<RemovedDevices>("POST", "devices/remove-others", body);
  holdings = () => this.#call<HoldingsList>("GET", "holdings");
  markRotated = (device: DeviceId, credential: CredentialId, rotated: boolean) =>
    this.#call<void>("PUT", `devices/${device}/held/${credential}`, { rotated });
  panic = (body: RemoveMany) => this.#call<RemovedDevices>("POST", "panic", body);

  async #loggedIn(path: string, body: LogIn | LogInByToken): Promise<Me> {
    const answer = await this.#call<LoggedIn>("POST", path, this.token ? { ...body, transport: "bearer" } : body);
    const { token, ...me } = answer;
    if (token !== undefined) await this.token?.keep(token);
    return me;
  }

  async #call<T>(method: Method, path: string, body?: unknown): Promise<T> {
    let answer = await this.#fetch(method, path, body);
    let problem = await problemOf(answer);
    for (const ms of RENEWAL_PAUSES_MS) {
      if (problem?.code !== "session_required" || !this.loggedIn()) break;
      await new Promise((resolve) => setTimeout(resolve, ms));
      await this.token?.load();
      answer = await this.#fetch(method, path, body);
      problem = await problemOf(answer);
    }
    if (problem) {
      const refusal = new ProblemError(problem);
      if (refusal.isAboutSession) this.refused(problem);
      throw refusal;
    }
    const isJson = answer.headers.get("content-type")?.includes("json");
    return (isJson ? await answer.json() : undefined) as T;
  }

  async #fetch(method: Method, path: string, body: unknown): Promise<Response> {
    const token = this.token?.current;
    const request: RequestInit = {
      method,
      credentials: this.token ? "omit" : "same-origin",
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      cache: "no-store",
      signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    };
    if (body !== undefined) request.body = JSON.stringify(body);
    try {
      return await fetch(new URL(path, this.#base), request);
    } catch (cause) {
      throw new UnreachableError(cause);
    }
  }
}

/** `undefined` when the answer is no refusal. */
async function problemOf(answer: Response): Promise<Problem | undefined> {
  if (answer.ok) return undefined;
  if (answer.headers.get("content-type")?.includes("application/problem+json")) return (await answer.json()) as Problem;
  throw new UnreachableError(`status ${answer.status} without a problem`);
}
