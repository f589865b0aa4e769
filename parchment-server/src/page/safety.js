// The safety number of two people (protocol, section 12).

/** Twelve digits in groups of three, the same for both, from their signing keys in base64. */
export async function safetyNumber(mine, theirs) {
  const keys = [decode(mine), decode(theirs)].sort(compare);
  const secret = await crypto.subtle.importKey("raw", new Uint8Array([...keys[0], ...keys[1]]), "HKDF", false, ["deriveBits"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode("parchment-safety-v1") };
  const bits = await crypto.subtle.deriveBits(derivation, secret, 64);
  const digits = (new DataView(bits).getBigUint64(0) % 10n ** 12n).toString().padStart(12, "0");
  return digits.match(/.{3}/g).join(" ");
}

function decode(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

function compare(a, b) {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}
