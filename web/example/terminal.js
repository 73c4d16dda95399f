import "https://keys.example/embed/keyleash-settings.js";

const panel = document.querySelector("keyleash-settings");
const signature = document.querySelector("#signature");

panel.addEventListener("keyleash-ready", ({ detail: client }) => {
  document.querySelector("#sign").onclick = async () => {
    try {
      const [account] = client.accounts();
      if (!account) throw new Error("Add an account first.");
      signature.value = await client.withCredential(account.id, ({ fields }) => sign("BTCUSDT buy 1", fields.secret));
    } catch (error) {
      signature.value = error.message; // a sentence: locked, removed, the server is away
    }
  };
});

async function sign(order, secret) {
  const bytes = (text) => new TextEncoder().encode(text);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), hmac, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign(hmac, key, bytes(order)));
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
