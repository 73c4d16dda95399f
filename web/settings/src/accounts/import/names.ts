/**
 * What a name in a pasted text stands for: which part of a credential, of which exchange, in which environment.
 *
 * Owns the vocabulary. `BYBIT_TESTNET_API_KEY`, `apiKey` and `Secret Key` are read here; values are not looked at.
 */

export type Role =
  | "key"
  | "secret"
  | "passphrase"
  | "private_key"
  | "wallet"
  | "vault"
  | "label"
  | "environment"
  | "exchange"
  | "region";

export type Environment = "live" | "test" | "demo";

export interface Meaning {
  /** `id` may be a key's id, or nothing at all: it counts only where nothing better stands. */
  readonly role?: Role | "id" | "seed";
  readonly exchange?: string;
  readonly environment?: Environment;
  readonly region?: string;
  /** What is left of the name: tells several accounts of one exchange apart. */
  readonly rest: string;
}

/** By the words of a name in lower case, joined by `_`. */
const ROLES = vocabulary<NonNullable<Meaning["role"]>>({
  key: `key api api_key apikey api_key_id key_id api_id access_key access_key_id key_name api_key_name api_public_key
    public_key`,
  secret: `secret api_secret apisecret secret_key secretkey api_secret_key api_key_secret key_secret secret_access_key`,
  passphrase: `passphrase pass_phrase password pass api_passphrase api_pass api_password api_key_passphrase
    secret_passphrase`,
  private_key: `private_key privatekey pem rsa_private_key api_private_key private_key_pem agent_key agent_private_key
    agent_secret ed25519_private_key wallet_private_key api_wallet_private_key api_wallet_key agent_wallet_private_key`,
  wallet: `wallet wallet_address address account_address main_address master_address user_address main_wallet
    main_wallet_address public_address`,
  vault: "vault vault_address sub_account subaccount sub_account_address subaccount_address",
  label: "label name nickname remark note account_name api_name alias title",
  environment: "environment env network mode is use api_environment",
  exchange: "exchange exchange_id exchange_name venue platform broker",
  region: "region site",
  id: "id uuid",
  seed: "mnemonic seed seed_phrase seedphrase recovery_phrase secret_recovery_phrase",
});

/** Also the identifiers of the ccxt library. */
const EXCHANGES = vocabulary<string>({
  binance: "binance binanceusdm binancecoinm",
  bybit: "bybit",
  okx: "okx okex okex5 myokx okxus",
  bitget: "bitget",
  coinbase: "coinbase coinbaseadvanced cdp",
  blofin: "blofin",
  hyperliquid: "hyperliquid hl",
  bitmex: "bitmex",
});

/** ccxt has an identifier of its own for each of OKX's regions. */
const REGIONS = vocabulary<string>({ my: "myokx", app: "okxus" });

/** Each exchange has its own word for these. */
const ENVIRONMENTS = vocabulary<Environment>({
  live: "live mainnet prod production real",
  test: "testnet test",
  demo: "demo paper sandbox simulated simulation",
});

/** Words that say nothing here. */
const NOISE = new Set([
  "my",
  "your",
  "the",
  "trading",
  "trade",
  "bot",
  "account",
  "exchange",
  "v5",
  "advanced",
  "user",
]);

export function meaningOf(name: string, path: readonly string[] = []): Meaning {
  const words = wordsOf(name);
  const around = path.flatMap(wordsOf);
  const named = words.filter((word) => EXCHANGES.has(word)).at(-1) ?? around.findLast((word) => EXCHANGES.has(word));
  const environment = [...around, ...words]
    .map((word) => ENVIRONMENTS.get(word))
    .findLast((each) => each !== undefined);
  const own = words.filter((word) => !EXCHANGES.has(word) && !ENVIRONMENTS.has(word));
  const { role, rest } = roleOf(own, words);
  const exchange = named && EXCHANGES.get(named);
  const region = named && REGIONS.get(named);
  return {
    ...(role && { role }),
    ...(exchange && { exchange }),
    ...(environment && { environment }),
    ...(region && { region }),
    rest: [...rest.filter((word) => !NOISE.has(word)), ...path.filter((each) => each.startsWith("#"))].join(" "),
  };
}

/** The exchange, environment and region that a value names, for fields such as `exchange: okx` and `network: testnet`. */
export function namedIn(value: string): Pick<Meaning, "exchange" | "environment" | "region"> {
  const { exchange, environment, region } = meaningOf(value);
  return { ...(exchange && { exchange }), ...(environment && { environment }), ...(region && { region }) };
}

function roleOf(own: readonly string[], words: readonly string[]): { role?: Meaning["role"]; rest: readonly string[] } {
  // `testnet: true`: the name is the environment itself.
  if (own.length === 0 && words.some((word) => ENVIRONMENTS.has(word))) return { role: "environment", rest: [] };
  for (let length = own.length; length > 0; length--) {
    const last = ROLES.get(own.slice(-length).join("_"));
    if (last) return { role: last, rest: own.slice(0, -length) };
    const first = ROLES.get(own.slice(0, length).join("_"));
    if (first) return { role: first, rest: own.slice(length) };
  }
  return { rest: own };
}

/** `secretKey2` to `secret`, `key`, `2`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/BitMEX|BloFin/g, (proper) => proper.toLowerCase())
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .replace(/(\p{L}{3})(\d{1,2})(?![\p{L}\d])/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}#]+/u)
    .filter((word) => word !== "");
}

function vocabulary<T extends string>(words: Readonly<Record<T, string>>): ReadonlyMap<string, T> {
  const pairs = Object.entries(words) as [T, string][];
  return new Map(pairs.flatMap(([meaning, names]) => names.split(/\s+/).map((name): [string, T] => [name, meaning])));
}
