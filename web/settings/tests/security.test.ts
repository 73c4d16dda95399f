/** What the security views decide: advice about a password, the drawing of a QR code, what counts as a code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeDigits } from "../src/second-factor.ts";
import { judgePassword } from "../src/security/password-advice.ts";
import { qrShape } from "../src/security/qr.ts";

const KNOWN = { present: "the password of today", address: "trader@example.com" };
const kindOf = (password: string) => judgePassword(password, KNOWN).kind;

test("a new password is judged by its length, and by being an obvious guess", () => {
  assert.equal(kindOf(""), "empty");
  assert.deepEqual(judgePassword("elevenchars", KNOWN), { kind: "short", missing: 1, measure: 11 / 20 });
  assert.equal(kindOf("twelve chars"), "enough");
  assert.equal(kindOf("four words are enough"), "strong");
  assert.equal(kindOf("the password of today"), "same");
  assert.equal(kindOf("trader@example.com"), "guessable");
  assert.equal(kindOf("Trader@Example.com"), "guessable");
  assert.equal(kindOf("aaaaaaaaaaaaaaaaaaaaaa"), "guessable");
  assert.equal(kindOf("ababababababababababab"), "guessable");
});

test("characters are counted as people count them", () => {
  const judged = judgePassword("🔑".repeat(11), KNOWN);
  assert.deepEqual(judged.kind === "short" && judged.missing, 1);
});

test("the drawing is taken out of the server's SVG, and nothing else of it", () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 41 41" shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff"/><path d="M4,4h1v1h-1zM5,4h1v1h-1z" fill="#000"/></svg>`;
  assert.deepEqual(qrShape(svg), { side: 41, path: "M4,4h1v1h-1zM5,4h1v1h-1z" });
  assert.equal(qrShape(svg.replace("M4,4", "javascript:")), undefined);
  assert.equal(qrShape("<p>not found</p>"), undefined);
});

test("a code may be pasted with whatever stands between its digits", () => {
  for (const typed of ["123456", "123 456", " 123-456 ", "1 2 3 4 5 6", "1234567"]) {
    assert.equal(codeDigits(typed), "123456", typed);
  }
  assert.equal(codeDigits("12a4"), "124");
});
